#include "app/serve.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include "app/backup_schedule.hpp"
#include "app/installation.hpp"
#include "app/kept_options.hpp"
#include "app/node.hpp"
#include "app/orders.hpp"
#include "app/pages.hpp"
#include "app/process.hpp"
#include "app/wal_runner.hpp"
#include "app/worker.hpp"
#include "base/config/public_url.hpp"
#include "base/core/kept_token.hpp"
#include "base/core/log.hpp"
#include "base/db/cluster_settings.hpp"
#include "base/db/database.hpp"
#include "base/db/home.hpp"
#include "base/db/migrate.hpp"
#include "base/http/server.hpp"
#include "base/net/address.hpp"
#include "base/net/handed_over.hpp"
#include "base/net/timer.hpp"
#include "base/net/tls.hpp"
#include "features/accounts/server_secret.hpp"
#include "features/accounts/sign_in.hpp"
#include "features/tutor/home_name.hpp"
#include "features/tutor/tutor.hpp"
#include "services/audit/configuration.hpp"
#include "services/blobs/objects.hpp"
#include "services/jobs/queue.hpp"

#include <embedded/version.hpp>

namespace bb::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds longest_wait_for_database{60};

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    return set;
}

/// The identity for https, or null when none is configured. Throws std::runtime_error with a sentence.
std::shared_ptr<net::TlsIdentity> tls_identity(const config::Config& config) {
    const bool certificate = config.is_set("BRAINBYTES_TLS_CERT");
    const bool key = config.is_set("BRAINBYTES_TLS_KEY");
    if (!certificate && !key) return nullptr;
    if (!certificate || !key)
        throw std::runtime_error(
            "BRAINBYTES_TLS_CERT and BRAINBYTES_TLS_KEY belong together: set both or neither.");
    return std::make_shared<net::TlsIdentity>(config.text("BRAINBYTES_TLS_CERT"),
                                              config.text("BRAINBYTES_TLS_KEY"));
}

/// Throws std::runtime_error with a sentence when the authorities' file cannot be read.
void check_authorities(const config::Config& config) {
    const auto& file = config.text("SSL_CERT_FILE");
    if (!file.empty() && ::access(file.c_str(), R_OK) != 0)
        throw std::runtime_error("SSL_CERT_FILE: " + file + " cannot be read: " + std::strerror(errno) + ".");
}

/// What request bodies may take together: room for a few of the largest, also on a small machine.
std::size_t body_bytes() {
    return static_cast<std::size_t>(std::clamp<std::uint64_t>(db::this_machine().memory_mib / 8, 96, 1024))
           << 20;
}

/// In the private cluster apart from people's data, in a database of its own: what is there is no part of
/// backups.
Statistics statistics_of(const db::Home& home) {
    const auto superuser = home.superuser_conninfo();
    if (!superuser) return {home.conninfo(), "", false};
    return {*superuser + " dbname=postgres", db::cluster_database, true};
}

/// What is read from files before the process gives up root.
struct Identities {
    std::shared_ptr<net::TlsIdentity> tls;  // null: no https
    std::optional<safety::BackupKeys> backup_keys;
};

/// All loops and what they share, from start to stop.
class Program {
public:
    Program(const config::Config& config, const db::Home& home, std::string url, Identities identities)
        : home_(home), node_(config, home.data().string()), backup_keys_(std::move(identities.backup_keys)) {
        node_.tls = std::move(identities.tls);
        node_.conninfo = home.conninfo();
        node_.statistics = statistics_of(home);
        node_.home_name = tutor::home_name(node_.data_folder);
        node_.url = std::move(url);
        node_.secret = accounts::server_secret(config);
        node_.policy = content_security_policy();
        node_.threads = thread_count(config);
        node_.bodies = std::make_shared<http::BodyBudget>(body_bytes());
        node_.trusted_proxies = *net::NetworkList::parse(config.text("BRAINBYTES_TRUSTED_PROXIES"));
        node_.files->watch_with([this]() {
            if (node_.ending) throw blobs::Away("The server stops.");
        });
        if (config.is_set("OTEL_EXPORTER_OTLP_ENDPOINT")) node_.spans = spans(config);
    }

    ~Program() { end(); }
    Program(const Program&) = delete;

    void start() {
        for (int i = 0; i < node_.threads; ++i) workers_.push_back(std::make_unique<Worker>(node_, i));
        node_.announce = [this](std::string channel, std::string payload) {
            for (auto& worker : workers_) worker->notified(channel, payload);
        };
        for (auto& worker : workers_) worker->start();
        listen_to_database();
        wait_for_database();
        net::spawn(workers_.front()->executor(), share_assets());
        workers_.front()->run([](Worker& first) { return first.keep_house(); });
        const auto installation = installation_of(node_.config, home_);
        backups_.emplace(node_.config, installation, backup_keys_, node_.metrics);
        wal_.emplace(node_.config, installation, backup_keys_, node_.metrics);
    }

    /// Serves everybody from now on. There may be more or fewer sockets than loops.
    void listen(const std::vector<int>& listeners) {
        const auto loops = workers_.size(), sockets = listeners.size();
        for (std::size_t i = 0; i < std::max(loops, sockets); ++i)
            workers_[i % loops]->listen(i < sockets ? listeners[i] : ::dup(listeners[i % sockets]));
    }

    /// Serves whoever looks at this process alone.
    void listen_apart(int descriptor) { workers_.front()->listen(descriptor, true); }

    /// For the audit log; a database that is away is no reason not to start.
    void note_configuration() {
        try {
            workers_.front()->run([this](Worker& first) {
                return audit::note_configuration(first.database(), audit::configuration_digest(node_.config),
                                                 kept_token(node_.data_folder, "home"));
            });
        } catch (const std::exception& failure) {
            log::warn("the configuration is not in the audit log", {{"reason", failure.what()}});
        }
    }

    /// A link that makes its opener the first administrator, while there is none.
    std::optional<std::string> setup_link() {
        std::optional<std::string> link;
        try {
            workers_.front()->run([&](Worker& worker) -> Task<void> {
                link = co_await accounts::create_setup_link(worker.database(), node_.url);
            });
        } catch (const db::Unavailable& away) {
            log::warn("no link for a first administrator; \"brainbytes setup\" makes one",
                      {{"reason", away.what()}});
        }
        return link;
    }

    void stop(milliseconds limit, milliseconds idle) {
        node_.draining = true;
        backups_.reset();
        node_.taking_questions = static_cast<int>(workers_.size());
        for (auto& worker : workers_) worker->drain(limit, idle);
        for (auto& worker : workers_) worker->join();
        end();
    }

private:
    std::unique_ptr<telemetry::Spans> spans(const config::Config& config) {
        telemetry::Resource who{std::string(embedded::version), config.text("BRAINBYTES_STAGE"),
                                Uuid::make().text()};
        return std::make_unique<telemetry::Spans>(node_.metrics, config.text("OTEL_EXPORTER_OTLP_ENDPOINT"),
                                                  std::move(who));
    }

    /// Nothing runs when anything goes, and everything goes before the loops that it posts its last words to.
    void end() {
        backups_.reset();
        node_.ending = true;
        for (auto& worker : workers_) worker->halt();
        node_.mailer.finish();
        node_.pool.finish();
        node_.readings_pool.finish();
        node_.file_pool.finish();
        node_.file_readers.finish();
        // After everybody's last words to the database.
        for (auto& worker : workers_) worker->let_go();
        wal_.reset();
        listener_.reset();
        for (auto& worker : workers_) worker->take_apart();
        for (auto& worker : workers_) worker->let_go();
        workers_.clear();
    }

    void listen_to_database() {
        db::Listener::Events events;
        events.on_message = [this](std::string_view channel, std::string_view payload) {
            node_.announce(std::string(channel), std::string(payload));
        };
        events.on_ready = [this]() {
            heard(true);
        };
        events.on_lost = [this]() {
            heard(false);
        };
        listener_ = std::make_unique<db::Listener>(workers_.front()->executor(), node_.conninfo, channels(),
                                                   std::move(events));
        listener_->start();
    }

    static std::vector<std::string> channels() {
        std::vector<std::string> names{"session_ended", jobs::waits_channel};
        names.insert(names.end(), std::begin(tutor::Tutor::channels), std::end(tutor::Tutor::channels));
        return names;
    }

    void heard(bool well) {
        node_.hears_notifications = well;
        for (auto& worker : workers_) worker->notifications_heard(well);
    }

    /// Without them a page of this release may miss its parts when it asks another: no reason not to start.
    Task<void> share_assets() {
        try {
            co_await node_.pool.run([this]() { node_.assets.share(); });
        } catch (const std::exception& fault) {
            log::warn("the files of the page are not shared", {{"reason", fault.what()}});
        }
    }

    /// A database that is away now is no reason not to start: requests get 503 until it is there.
    void wait_for_database() {
        for (auto& worker : workers_)
            worker->run([](Worker& one) -> Task<void> { co_await one.database().wait_ready(seconds(10)); });
    }

    const db::Home& home_;
    Node node_;
    std::optional<safety::BackupKeys> backup_keys_;
    std::optional<BackupSchedule> backups_;
    std::optional<WalRunner> wal_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unique_ptr<db::Listener> listener_;
};

/// One try of prepare_schema(); nothing while the database is away, for the reason given.
std::optional<Result<db::Session>> try_to_prepare(const db::Home& home, std::string& reason) {
    const auto say = [](std::string_view words) {
        log::info(words);
    };
    try {
        db::Session session(home.conninfo());
        if (auto prepared = db::prepare_schema(session, home.managed(), say); !prepared)
            return prepared.error();
        return session;
    } catch (const db::Unavailable& away) {
        reason = away.what();
        return std::nullopt;
    }
}

/// Makes the schema ready and gives the connection that it was done with. A database that is away for a
/// moment, as one that starts together with us is, is waited for. Errors: unavailable, with a sentence.
Result<db::Session> prepare_schema(const db::Home& home, const sigset_t& signals) {
    const auto deadline = std::chrono::steady_clock::now() + longest_wait_for_database;
    std::string reason;
    for (;;) {
        if (auto prepared = try_to_prepare(home, reason)) return std::move(*prepared);
        if (std::chrono::steady_clock::now() > deadline)
            return Error(ErrorCode::unavailable, "The database cannot be reached: " + reason);
        log::warn("waiting for the database", {{"reason", reason}});
        const timespec pause{1, 0};
        if (sigtimedwait(&signals, nullptr, &pause) > 0)
            return Error(ErrorCode::unavailable,
                         "Stopped while the database could not be reached: " + reason);
    }
}

void welcome(Program& program, const db::Home& home, const std::string& url) {
    log::info("ready", {{"url", url}, {"data", home.data().string()}});
    std::cout << "BrainBytes is ready at " << url << std::endl;
    program.note_configuration();
    if (const auto link = program.setup_link())
        std::cout << "Open this link within 30 minutes to become the first administrator:\n  " << *link
                  << std::endl;
}

/// Runs until it is told to stop, then drains. The home outlives every connection to its database.
void run_until_stopped(const config::Config& config, const db::Home& home, const net::HandedOver& sockets,
                       const std::string& url, Identities identities, Orders& orders,
                       const sigset_t& signals) {
    Program program(config, home, url, std::move(identities));
    program.start();
    if (sockets.probe >= 0) program.listen_apart(sockets.probe);
    orders.tell("ready");
    auto order = orders.supervised() ? orders.next() : Orders::Order{.listen = true};
    for (bool listening = false; order.listen; order = orders.next()) {
        if (std::exchange(listening, true)) continue;
        program.listen(sockets.listening);
        welcome(program, home, url);
    }
    const seconds limit = order.drain.value_or(seconds(config.number("BRAINBYTES_DRAIN_SECONDS")));
    log::info("stopping", {{"drainSeconds", static_cast<std::int64_t>(limit.count())}});
    // A second signal ends the program at once: every acknowledged write is stored already.
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &standard, nullptr);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    program.stop(limit, order.idle);
}

}  // namespace

int serve(config::Config& config) {
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);
    start_logging(config);
    raise_descriptor_limit();
    auto sockets = net::take_handed_over();
    Orders orders(signals, sockets.control);
    const auto fail = [&orders](const Error& error, int code = 1) {
        orders.tell("failed", error.detail);
        log::stop();
        std::cerr << "brainbytes: " << error.detail << '\n';
        return code;
    };
    Identities identities;
    try {
        identities.tls = tls_identity(config);
        identities.backup_keys = configured_backup_keys(config);
        check_authorities(config);
    } catch (const std::runtime_error& fault) {
        return fail(Error(ErrorCode::invalid_input, fault.what()), 2);
    }
    auto listeners = listening_sockets(config, std::move(sockets.listening));
    if (!listeners) return fail(listeners.error());
    sockets.listening = std::move(*listeners);
    const auto use = orders.supervised() ? db::Home::Use::supervised : db::Home::Use::server;
    auto home = db::Home::open(config, use, [](std::string_view words) { log::info(words); });
    if (!home) return fail(home.error());
    keep_log(config, home->data());
    if (auto prepared = prepare_schema(*home, signals); prepared)
        take_up_kept_secrets(config, *prepared, home->conninfo());
    else
        return fail(prepared.error());
    run_until_stopped(config, *home, sockets, config::public_url(config), std::move(identities), orders,
                      signals);
    home->close();
    log::info("stopped");
    log::stop();
    return 0;
}

}  // namespace bb::app
