#include "operations/deploy/supervisor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "base/db/cluster.hpp"
#include "base/net/pool.hpp"
#include "base/net/timer.hpp"
#include "operations/deploy/going_back.hpp"
#include "operations/deploy/supervisor_impl.hpp"

namespace bb::deploy {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr const char* ourselves = "/proc/self/exe";
constexpr milliseconds look_at_server_every{50};
constexpr milliseconds first_pause{200}, longest_pause{30'000};
constexpr seconds proved_after{60};
/// Who waits for a schema to be taken back must not wait for connections that nobody uses.
constexpr seconds longest_idle_at_rest{2};
constexpr seconds longest_change_of_places{1};
constexpr seconds grace{10};  // beyond the time that a server was given to finish

std::string in_seconds(milliseconds time) {
    return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000);
}

}  // namespace

fs::path control_socket(const fs::path& data) {
    return db::socket_folder(data) / "supervisor.sock";
}

ServerPlan Supervisor::Impl::plan_of(const std::string& name) const {
    ServerPlan plan{name, ourselves, options.listeners, options.environment};
    if (name != no_release) plan.program = options.data / "releases" / name / "brainbytes";
    return plan;
}

std::string Supervisor::Impl::kept_name() const {
    const auto one = kept.current();
    return one ? one->about.name() : no_release;
}

Result<std::shared_ptr<ServerProcess>> Supervisor::Impl::try_to_start(const std::string& name) const {
    try {
        return std::make_shared<ServerProcess>(plan_of(name));
    } catch (const std::exception& fault) {
        return Error(ErrorCode::unavailable, fault.what());
    }
}

Task<Result<std::shared_ptr<ServerProcess>>> Supervisor::Impl::start(std::string name) {
    auto begun = try_to_start(name);
    if (!begun) co_return begun.error();
    auto server = std::move(*begun);
    log::info("a server was started", {{"release", name}, {"process", std::int64_t(server->pid())}});
    auto ready = co_await server->wait_ready(options.longest_start);
    if (ready) co_return server;
    let_go(std::move(server), seconds(0));
    co_return ready.error();
}

void Supervisor::Impl::let_go(std::shared_ptr<ServerProcess> server, seconds limit,
                              std::optional<seconds> idle) {
    if (!server) return;
    server->drain(limit, idle.value_or(limit));
    leaving.insert(server);
    net::spawn(executor, see_off(shared_from_this(), std::move(server), limit + grace));
}

Task<void> Supervisor::Impl::see_off(std::shared_ptr<Impl> self, std::shared_ptr<ServerProcess> server,
                                     seconds limit) {
    co_await server->wait_ended(limit);
    log::info("a server has ended",
              {{"release", server->release()}, {"end", words_of_end(*server->ended())}});
    self->leaving.erase(server);
}

void Supervisor::Impl::note(std::string step, std::string result, std::string detail,
                            const std::string& release) {
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

void Supervisor::Impl::look_at_current() {
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

void Supervisor::Impl::look_at_own_release() {
    if (!current || trial || leased || !leaving.empty() || asking > 0 || !options.become) return;
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

Task<void> Supervisor::Impl::hold_up() {
    if (options.running) current = std::make_shared<ServerProcess>(*options.running);
    for (; !stopping; co_await net::sleep_for(look_at_server_every)) {
        look_at_current();
        look_at_own_release();
        if (current || changing || resting || steady_clock::now() < not_before) continue;
        not_before = steady_clock::now() + pause;
        pause = std::clamp(pause * 2, first_pause, longest_pause);
        co_await put_up();
    }
}

Task<bool> Supervisor::Impl::settle(bool of_who_asks) {
    const auto left = going_back(options.data);
    if (!left) co_return true;
    if (!of_who_asks && is_alive(*left)) co_return false;
    bool replaced = false;
    try {
        // What was killed in the moment in which two databases change places may still have been heard.
        co_await net::sleep_for(longest_change_of_places);
        net::BlockingPool pool(1);
        const Surroundings around{options.environment, fs::current_path()};
        const auto look = [around, migration = left->migration]() {
            return is_replaced(around, migration);
        };
        replaced = co_await pool.run(look);
        if (replaced) kept.set_current(left->release);
    } catch (const std::exception& fault) {
        log::error("which release belongs to the database cannot be told", {{"reason", fault.what()}});
        co_return false;
    }
    forget_going_back(options.data);
    note("keep", replaced ? "done" : "undone",
         replaced ? "the database was brought back for it" : "the database was not brought back",
         left->release);
    co_return true;
}

Task<void> Supervisor::Impl::put_up() {
    changing = true;
    const bool settled = co_await settle(false);
    const auto name = kept_name();
    Result<std::shared_ptr<ServerProcess>> started =
        Error(ErrorCode::unavailable, "the database is being brought back");
    if (settled) started = co_await start(name);
    changing = false;
    if (!started) {
        log::error("the server cannot be started",
                   {{"release", name}, {"reason", started.error().detail}, {"again", in_seconds(pause)}});
        co_return;
    }
    // A candidate may have taken over meanwhile, or nothing may serve.
    if (stopping || current || resting) co_return let_go(std::move(*started), seconds(0));
    (*started)->listen();
    current = std::move(*started);
}

void Supervisor::Impl::take_over(std::shared_ptr<ServerProcess> next) {
    next->listen();
    let_go(std::exchange(current, std::move(next)), options.drain_of_old);
}

Task<std::string> Supervisor::Impl::begin(std::string name) {
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

Task<std::string> Supervisor::Impl::rest() {
    if (candidate || trial) co_return refusal("Another release is about to come into service.");
    resting = true;
    while (changing)
        co_await net::sleep_for(look_at_server_every);  // one that was just being put up is let go of
    let_go(std::exchange(current, nullptr), options.drain, longest_idle_at_rest);
    for (const auto deadline = steady_clock::now() + options.drain + grace; !leaving.empty();) {
        // Also those that an earlier change had given more time: the schema cannot wait for them.
        if (steady_clock::now() > deadline)
            for (const auto& one : leaving) one->kill();
        co_await net::sleep_for(look_at_server_every);
    }
    co_return agreed();
}

std::string Supervisor::Impl::switch_over() {
    if (!candidate) return refusal("No candidate was started.");
    if (const auto code = candidate->ended()) {
        candidate.reset();
        return refusal(fmt::format("The candidate has ended ({}).", words_of_end(*code)));
    }
    crashed.reset();
    resting = false;
    trial = true;
    take_over(std::exchange(candidate, nullptr));
    return agreed();
}

std::string Supervisor::Impl::keep() {
    if (!trial || !current || current->ended()) return refusal(crashed.value_or("Nothing was switched to."));
    if (current->release() != no_release) kept.set_current(current->release());
    forget_going_back(options.data);
    trial = false;
    return agreed();
}

Task<bool> Supervisor::Impl::undo() {
    if (candidate) let_go(std::exchange(candidate, nullptr), seconds(0));
    co_await settle(true);
    if (std::exchange(resting, false)) {
        co_await put_up();
        co_return current != nullptr;
    }
    if (!trial) co_return true;
    const auto name = kept_name();
    const auto tried = current ? current->release() : name;
    changing = true;
    auto started = co_await start(name);
    changing = false;
    if (started)
        take_over(std::move(*started));
    else
        log::error("the release before cannot be started; the new one goes on",
                   {{"release", name}, {"reason", started.error().detail}});
    trial = false;
    note("roll back", started ? "done" : "failed", "to " + name, tried);
    co_return started ? true : false;
}

Task<void> Supervisor::Impl::run() {
    open_control();
    net::spawn(executor, accept(shared_from_this()));
    co_await hold_up();
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (auto* one : {&current, &candidate}) let_go(std::exchange(*one, nullptr), options.drain);
    const auto deadline = steady_clock::now() + options.drain + grace;
    while (!leaving.empty() || changing) {
        // One that still had time, since another had taken over, has none any more.
        if (steady_clock::now() > deadline)
            for (const auto& one : leaving) one->kill();
        co_await net::sleep_for(look_at_server_every);
    }
    fs::remove(control_socket(options.data));
}

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
