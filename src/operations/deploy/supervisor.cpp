#include "operations/deploy/supervisor.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "base/db/cluster.hpp"
#include "base/net/timer.hpp"

namespace bb::deploy {
namespace {

namespace fs = std::filesystem;
using boost::asio::local::stream_protocol;
using LocalSocket = boost::asio::basic_stream_socket<stream_protocol, Executor>;
using LocalAcceptor = boost::asio::basic_socket_acceptor<stream_protocol, Executor>;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr const char* ourselves = "/proc/self/exe";
constexpr const char* no_release = "program";  // what runs while no release is installed
constexpr milliseconds look_every{50};
constexpr milliseconds first_pause{200}, longest_pause{30'000};
constexpr seconds proved_after{60};
constexpr std::size_t longest_request = 4096;

std::string refusal(std::string_view why) {
    return JsonWriter().object().field("ok", false).field("reason", why).end().take();
}

std::string agreed() {
    return R"({"ok":true})";
}

}  // namespace

fs::path control_socket(const fs::path& data) {
    return db::socket_folder(data) / "supervisor.sock";
}

struct Supervisor::Impl : std::enable_shared_from_this<Impl> {
    Impl(Executor on, Options given)
        : executor(on),
          options(std::move(given)),
          kept(options.data / "releases"),
          ledger(options.data / "releases" / "ledger.jsonl"),
          acceptor(on) {}

    // ---- servers

    ServerPlan plan_of(const std::string& name) const {
        ServerPlan plan{name, ourselves, options.listeners, options.environment};
        if (name != no_release) plan.program = options.data / "releases" / name / "brainbytes";
        return plan;
    }

    std::string kept_name() const {
        const auto one = kept.current();
        return one ? one->about.name() : no_release;
    }

    Task<Result<std::shared_ptr<ServerProcess>>> start(std::string name) {
        auto server = std::make_shared<ServerProcess>(plan_of(name));
        log::info("a server was started", {{"release", name}, {"process", std::int64_t(server->pid())}});
        auto ready = co_await server->wait_ready(options.longest_start);
        if (ready) co_return server;
        let_go(std::move(server), seconds(0));
        co_return ready.error();
    }

    /// It finishes what it has; somebody waits for its end.
    void let_go(std::shared_ptr<ServerProcess> server, seconds limit) {
        if (!server) return;
        server->drain(limit);
        ++leaving;
        net::spawn(executor, see_off(shared_from_this(), std::move(server), limit + seconds(10)));
    }

    static Task<void> see_off(std::shared_ptr<Impl> self, std::shared_ptr<ServerProcess> server,
                              seconds limit) {
        co_await server->wait_ended(limit);
        log::info("a server has ended",
                  {{"release", server->release()}, {"end", words_of_end(*server->ended())}});
        --self->leaving;
    }

    void note(std::string step, std::string result, std::string detail, const std::string& release) {
        try {
            ledger.add({.release = release,
                        .step = std::move(step),
                        .result = std::move(result),
                        .who = "supervisor",
                        .detail = std::move(detail)});
        } catch (const std::exception& fault) {
            log::error("the ledger cannot be written", {{"reason", fault.what()}});
        }
    }

    /// A server that has ended by itself is followed by one of the release that is kept.
    void look_at_current() {
        const auto code = current ? current->ended() : std::nullopt;
        if (!code) return;
        const auto words =
            fmt::format("the server of {} has ended ({})", current->release(), words_of_end(*code));
        log::error(words);
        note(trial ? "roll back" : "restart", "done", words, current->release());
        if (trial) crashed = words;
        if (steady_clock::now() - current->started() > proved_after) pause = milliseconds(0);
        trial = false;
        current.reset();
    }

    /// Once a release serves that was kept, and nothing is under way, its own supervisor goes on.
    void look_at_own_release() {
        if (!current || trial || leased || leaving > 0 || asking > 0 || !options.become) return;
        const auto name = current->release();
        if (name == no_release || name == options.own_release || name == refused_to_become) return;
        try {
            auto running = current->running();
            running.requests = acceptor.native_handle();
            options.become(plan_of(name).program, running);
        } catch (const std::exception& fault) {
            refused_to_become = name;
            log::error("the supervisor stays that of the release before",
                       {{"release", name}, {"reason", fault.what()}});
        }
    }

    Task<void> hold_up() {
        if (options.running) current = std::make_shared<ServerProcess>(*options.running);
        for (; !stopping; co_await net::sleep_for(look_every)) {
            look_at_current();
            look_at_own_release();
            if (current || changing || steady_clock::now() < not_before) continue;
            not_before = steady_clock::now() + pause;
            pause = std::clamp(pause * 2, first_pause, longest_pause);
            co_await put_up();
        }
    }

    /// Starts a server of the release that is kept, and lets everybody in.
    Task<void> put_up() {
        const auto name = kept_name();
        changing = true;
        auto started = co_await start(name);
        changing = false;
        if (!started) {
            log::error("the server cannot be started",
                       {{"release", name}, {"reason", started.error().detail}, {"again", in_seconds(pause)}});
            co_return;
        }
        if (stopping) co_return let_go(std::move(*started), seconds(0));
        (*started)->listen();
        current = std::move(*started);
    }

    static std::string in_seconds(milliseconds time) {
        return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000);
    }

    // ---- changes

    /// A candidate becomes the one that serves everybody; the one before finishes what it has.
    void take_over(std::shared_ptr<ServerProcess> next) {
        next->listen();
        let_go(std::exchange(current, std::move(next)), options.drain_of_old);
    }

    Task<std::string> begin(std::string name) {
        if (candidate) co_return refusal("A candidate is there already.");
        if (name != no_release && !kept.find(name)) co_return refusal(kept.find(name).error().detail);
        auto started = co_await start(name);
        if (!started) co_return refusal(started.error().detail);
        candidate = std::move(*started);
        co_return JsonWriter()
            .object()
            .field("ok", true)
            .field("address", candidate->address())
            .field("process", std::int64_t(candidate->pid()))
            .end()
            .take();
    }

    std::string switch_over() {
        if (!candidate) return refusal("No candidate was started.");
        if (const auto code = candidate->ended()) {
            candidate.reset();
            return refusal(fmt::format("The candidate has ended ({}).", words_of_end(*code)));
        }
        crashed.reset();
        trial = true;
        take_over(std::exchange(candidate, nullptr));
        return agreed();
    }

    std::string keep() {
        if (!trial || !current || current->ended())
            return refusal(crashed.value_or("Nothing was switched to."));
        if (current->release() != no_release) kept.set_current(current->release());
        trial = false;
        return agreed();
    }

    /// Back to the release that is kept, whatever state a change is in.
    Task<bool> undo() {
        if (candidate) let_go(std::exchange(candidate, nullptr), seconds(0));
        if (!trial) co_return true;
        const auto name = kept_name();
        note("roll back", "done", "to " + name, current ? current->release() : name);
        changing = true;
        auto started = co_await start(name);
        changing = false;
        if (started)
            take_over(std::move(*started));
        else
            log::error("the release before cannot be started; the new one goes on",
                       {{"release", name}, {"reason", started.error().detail}});
        trial = false;
        co_return started ? true : false;
    }

    /// For who has this account's rights anyway: the socket is closed to others.
    std::string surroundings() const {
        JsonWriter json;
        json.object().field("ok", true).field("folder", fs::current_path().string());
        json.key("environment").array();
        for (const auto& variable : options.environment) json.value(variable);
        return json.end().end().take();
    }

    std::string status() const {
        JsonWriter json;
        json.object().field("ok", true).field("process", std::int64_t(::getpid()));
        json.field("supervisor", options.own_release.empty() ? no_release : options.own_release);
        json.field("kept", kept_name()).field("trial", trial).field("crashed", crashed);
        json.field("leaving", leaving).key("serving");
        if (!current) return json.null().end().take();
        const std::chrono::duration<double> age = steady_clock::now() - current->started();
        json.object()
            .field("release", current->release())
            .field("process", std::int64_t(current->pid()))
            .field("address", current->address())
            .field("seconds", age.count())
            .end();
        return json.end().take();
    }

    // ---- the control socket

    struct Lease {
        explicit Lease(std::shared_ptr<Impl> whose) : of(std::move(whose)) { ++of->asking; }
        ~Lease() { --of->asking; }
        Lease(const Lease&) = delete;

        std::shared_ptr<Impl> of;
        bool held = false;
    };

    Task<std::string> answer(Lease& lease, std::string line) {
        const auto parsed = parse_json(line);
        if (!parsed || !parsed->is_object()) co_return refusal("This is no request.");
        const auto& request = parsed->get_object();
        const auto text = [&](const char* name) {
            const auto* value = request.if_contains(name);
            return value && value->is_string() ? std::string(value->get_string()) : std::string();
        };
        const auto what = text("do");
        if (what == "status") co_return status();
        if (what == "surroundings") co_return surroundings();
        if (!lease.held && leased) co_return refusal("Another change of the release is under way.");
        lease.held = leased = true;
        if (what == "start") co_return co_await begin(text("release"));
        if (what == "switch") co_return switch_over();
        if (what == "keep") co_return keep();
        if (what == "undo") {
            const bool done = co_await undo();
            co_return done ? agreed() : refusal("The release before cannot be started; the new one goes on.");
        }
        co_return refusal("Nobody here knows how to do that.");
    }

    static Task<void> serve(std::shared_ptr<Impl> self, LocalSocket socket) {
        Lease lease{self};
        std::string waiting;
        for (;;) {
            auto buffer = boost::asio::dynamic_buffer(waiting, longest_request);
            const auto [failed, size] =
                co_await boost::asio::async_read_until(socket, buffer, '\n', use_task_tuple);
            if (failed) break;
            auto line = waiting.substr(0, size);
            waiting.erase(0, size);
            const auto reply = co_await self->answer(lease, std::move(line)) + "\n";
            const auto [broken, sent] =
                co_await boost::asio::async_write(socket, boost::asio::buffer(reply), use_task_tuple);
            if (broken) break;
        }
        if (!lease.held) co_return;
        if (self->candidate || self->trial) {
            log::warn("a change of the release was broken off, and is undone");
            co_await self->undo();
        }
        self->leased = false;
    }

    void open_control() {
        if (options.running && options.running->requests >= 0)
            return acceptor.assign(stream_protocol(), options.running->requests);
        const auto path = control_socket(options.data);
        fs::remove(path);
        const auto mask = ::umask(0177);
        acceptor.open();
        acceptor.bind(stream_protocol::endpoint(path.string()));
        ::umask(mask);
        acceptor.listen();
    }

    static Task<void> accept(std::shared_ptr<Impl> self) {
        while (!self->stopping) {
            auto [failed, socket] = co_await self->acceptor.async_accept(use_task_tuple);
            if (failed) {
                co_await net::sleep_for(look_every);
                continue;
            }
            net::spawn(self->executor, serve(self, std::move(socket)));
        }
    }

    Task<void> run() {
        open_control();
        net::spawn(executor, accept(shared_from_this()));
        co_await hold_up();
        boost::system::error_code ignored;
        acceptor.close(ignored);
        for (auto* one : {&current, &candidate}) let_go(std::exchange(*one, nullptr), options.drain);
        while (leaving > 0 || changing) co_await net::sleep_for(look_every);
        fs::remove(control_socket(options.data));
    }

    Executor executor;
    Options options;
    release::KeptReleases kept;
    Ledger ledger;
    LocalAcceptor acceptor;
    std::shared_ptr<ServerProcess> current, candidate;
    bool trial = false;     // the current one is not kept yet
    bool changing = false;  // a server is being started
    bool leased = false;    // somebody changes the release
    int asking = 0;         // connections to the control socket
    bool stopping = false;
    int leaving = 0;                     // servers that finish what they have
    std::string refused_to_become;       // a release whose supervisor this one could not become
    std::optional<std::string> crashed;  // how a release on trial ended
    milliseconds pause{0};
    steady_clock::time_point not_before{};
};

Supervisor::Supervisor(Executor executor, Options options)
    : impl_(std::make_shared<Impl>(executor, std::move(options))) {}

Supervisor::~Supervisor() = default;

Task<void> Supervisor::run() {
    fs::create_directories(impl_->options.data / "releases");
    co_await impl_->run();
}

void Supervisor::stop() {
    impl_->stopping = true;
}

}  // namespace bb::deploy
