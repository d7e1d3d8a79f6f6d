#include "app/supervise.hpp"

#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <iostream>

#include "app/process.hpp"
#include "base/core/log.hpp"
#include "base/db/home.hpp"
#include "base/net/handed_over.hpp"
#include "base/net/loop.hpp"
#include "operations/deploy/supervisor.hpp"

namespace bb::app {
namespace {

/// Ours, and what was settled by now.
std::vector<std::string> environment_of_servers(const config::Config& config) {
    std::vector<std::string> variables = {"BRAINBYTES_DATA=" + config.text("BRAINBYTES_DATA"),
                                          "BRAINBYTES_STAGE=" + config.text("BRAINBYTES_STAGE")};
    for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
    return variables;
}

void run(const config::Config& config, const db::Home& home, std::vector<int> listeners) {
    net::Loop loop;
    deploy::Supervisor::Options options;
    options.data = home.data();
    options.listeners = std::move(listeners);
    options.environment = environment_of_servers(config);
    options.drain = std::chrono::seconds(config.number("BRAINBYTES_DRAIN_SECONDS"));
    options.longest_start = std::chrono::seconds(config.number("BRAINBYTES_START_SECONDS"));
    deploy::Supervisor supervisor(loop.get_executor(), std::move(options));
    boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
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
        auto listeners = listening_sockets(config, net::take_handed_over().listening);
        if (!listeners) return fail(listeners.error().detail);
        auto home =
            db::Home::open(config, db::Home::Use::server, [](std::string_view words) { log::info(words); });
        if (!home) return fail(home.error().detail);
        run(config, *home, std::move(*listeners));
        home->close();
    } catch (const std::exception& fault) {
        return fail(fault.what());
    }
    log::info("stopped");
    log::stop();
    return 0;
}

}  // namespace bb::app
