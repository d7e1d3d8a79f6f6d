#include "app/supervise.hpp"

#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>

#include "app/process.hpp"
#include "base/core/log.hpp"
#include "base/core/program.hpp"
#include "base/db/home.hpp"
#include "base/net/handed_over.hpp"
#include "base/net/loop.hpp"
#include "operations/deploy/supervisor.hpp"
#include "operations/safety/running_tool.hpp"

namespace bb::app {
namespace {

/// Ours, and what was settled by now; each name once, since what one supervisor hands to the next comes back.
std::vector<std::string> environment_of_servers(const config::Config& config) {
    std::vector<std::string> variables = {"BRAINBYTES_DATA=" + config.text("BRAINBYTES_DATA"),
                                          "BRAINBYTES_STAGE=" + config.text("BRAINBYTES_STAGE")};
    std::set<std::string, std::less<>> names = {"BRAINBYTES_DATA", "BRAINBYTES_STAGE"};
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        if (names.emplace(text.substr(0, text.find('='))).second) variables.emplace_back(text);
    }
    return variables;
}

constexpr std::chrono::seconds longest_check{10};

/// "PROCESS RELEASE ADDRESS" of the server that this process had before it became this program.
constexpr const char* adopted = "LISTEN_SERVER";

std::optional<deploy::RunningServer> running_server(const net::HandedOver& sockets) {
    const char* text = std::getenv(adopted);
    if (!text || sockets.control < 0) return std::nullopt;
    std::istringstream words(text);
    ::unsetenv(adopted);
    deploy::RunningServer running;
    words >> running.pid >> running.release >> running.address;
    running.control = sockets.control;
    running.requests = sockets.requests;
    return running;
}

/// The name of the folder among the releases that this program lies in.
std::string own_release(const db::Home& home) {
    std::error_code unknown;
    const auto folder = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
    const auto releases = std::filesystem::canonical(home.data(), unknown) / "releases";
    return folder.parent_path() == releases ? folder.filename().string() : std::string();
}

/// The new release must be able to read our configuration, or it would end at once.
void become(const deploy::Supervisor::Options& options, const std::filesystem::path& program,
            const deploy::RunningServer& running) {
    const auto watch = [deadline = std::chrono::steady_clock::now() + longest_check]() {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("config check did not end");
    };
    const auto folder = std::filesystem::current_path();
    safety::output_of({program.string(), "config", "check"}, options.environment, watch, folder);
    log::info("the supervisor of the release goes on", {{"release", running.release}});
    Launch how{.command = {program.string(), "supervise"},
               .folder = folder,
               .out = STDOUT_FILENO,
               .error = STDERR_FILENO};
    how.environment = options.environment;
    how.environment.push_back(
        fmt::format("{}={} {} {}", adopted, running.pid, running.release, running.address));
    for (const int listener : options.listeners) how.sockets.emplace_back("http", listener);
    how.sockets.emplace_back(net::name_of_control, running.control);
    how.sockets.emplace_back(net::name_of_requests, running.requests);
    log::stop();
    replace_this_program(how);
}

void run(const config::Config& config, const db::Home& home, std::vector<int> listeners,
         std::optional<deploy::RunningServer> running) {
    net::Loop loop;
    deploy::Supervisor::Options options;
    options.data = home.data();
    options.listeners = std::move(listeners);
    options.environment = environment_of_servers(config);
    options.drain = std::chrono::seconds(config.number("BRAINBYTES_DRAIN_SECONDS"));
    options.longest_start = std::chrono::seconds(config.number("BRAINBYTES_START_SECONDS"));
    options.own_release = running ? running->release : own_release(home);
    options.running = std::move(running);
    options.become = [given = options](const auto& program, const auto& server) {
        become(given, program, server);
    };
    deploy::Supervisor supervisor(loop.get_executor(), std::move(options));
    boost::asio::signal_set signals(loop, SIGINT, SIGTERM, SIGHUP);
    signals.async_wait([&](boost::system::error_code, int) { supervisor.stop(); });
    std::exception_ptr fault;
    boost::asio::co_spawn(loop, supervisor.run(), [&](std::exception_ptr failed) {
        fault = failed;
        loop.stop();
    });
    loop.run();
    if (fault) std::rethrow_exception(fault);
}

}  // namespace

int supervise(config::Config& config) {
    ::signal(SIGPIPE, SIG_IGN);
    start_logging(config);
    raise_descriptor_limit();
    const auto fail = [](std::string_view why) {
        log::stop();
        std::cerr << "brainbytes: " << why << '\n';
        return 1;
    };
    try {
        const auto sockets = net::take_handed_over();
        auto running = running_server(sockets);
        auto listeners = listening_sockets(config, sockets.listening);
        if (!listeners) return fail(listeners.error().detail);
        auto home =
            db::Home::open(config, db::Home::Use::server, [](std::string_view words) { log::info(words); });
        if (!home) return fail(home.error().detail);
        keep_log(config, home->data());
        run(config, *home, std::move(*listeners), std::move(running));
        home->close();
    } catch (const std::exception& fault) {
        return fail(fault.what());
    }
    log::info("stopped");
    log::stop();
    return 0;
}

}  // namespace bb::app
