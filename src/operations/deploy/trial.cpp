#include "operations/deploy/trial.hpp"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <exception>
#include <stdexcept>

#include "base/http/server.hpp"
#include "base/net/loop.hpp"
#include "operations/deploy/server_process.hpp"
#include "operations/deploy/smoke_test.hpp"

namespace bb::deploy {
namespace {

constexpr std::chrono::seconds grace_of_trial{20};

void run_to_end(Task<void> task) {
    net::Loop loop;
    std::exception_ptr fault;
    boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failed) { fault = failed; });
    loop.run();
    if (fault) std::rethrow_exception(fault);
}

Task<void> wait_until_ready(ServerProcess& server, std::chrono::seconds longest) {
    if (const auto ready = co_await server.wait_ready(longest); !ready)
        throw std::runtime_error(ready.error().detail);
}

/// In the place of those for everybody, which nobody is to reach it by.
class OwnListener {
public:
    OwnListener() {
        const boost::asio::ip::tcp::endpoint loopback(boost::asio::ip::address_v4::loopback(), 0);
        const auto opened = http::open_listeners(loopback, 1);
        if (!opened) throw std::runtime_error(opened.error().detail);
        descriptor_ = opened->front();
    }
    ~OwnListener() { ::close(descriptor_); }
    OwnListener(const OwnListener&) = delete;
    int descriptor() const { return descriptor_; }

private:
    int descriptor_ = -1;
};

}  // namespace

std::string try_alone(const Surroundings& around, std::chrono::seconds longest) {
    const OwnListener listener;
    ServerProcess server({"a trial", "/proc/self/exe", {listener.descriptor()}, around.environment});
    const auto end = [&server]() {
        server.drain(grace_of_trial, std::chrono::seconds(0));
        run_to_end(server.wait_ended(grace_of_trial));
    };
    try {
        run_to_end(wait_until_ready(server, longest));
        auto told = SmokeTest{
            server.address(), "/proc/self/exe", around, [] {
            }}.run();
        end();
        return told;
    } catch (const std::exception&) {
        end();
        throw;
    }
}

}  // namespace bb::deploy
