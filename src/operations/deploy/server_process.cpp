#include "operations/deploy/server_process.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/core/program.hpp"
#include "base/http/server.hpp"
#include "base/net/handed_over.hpp"
#include "base/net/timer.hpp"

namespace bb::deploy {
namespace {

using std::chrono::steady_clock;
using Tcp = boost::asio::ip::tcp;

constexpr std::chrono::milliseconds look_at_process_every{10};
constexpr std::size_t most_heard = 16 * 1024;

/// A descriptor that is closed here once the process that it is for has its own.
struct Handed {
    int descriptor = -1;
    ~Handed() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

int private_listener(std::string& address) {
    const auto opened = http::open_listeners(Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0), 1);
    if (!opened) throw std::runtime_error(opened.error().detail);
    Tcp::endpoint actual;
    socklen_t size = static_cast<socklen_t>(actual.capacity());
    ::getsockname(opened->front(), actual.data(), &size);
    address = fmt::format("127.0.0.1:{}", actual.port());
    return opened->front();
}

}  // namespace

std::string words_of_end(int code) {
    return code > 128 ? fmt::format("signal {}", code - 128) : fmt::format("exit code {}", code);
}

ServerProcess::ServerProcess(const ServerPlan& plan) : release_(plan.release) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    Handed ours{ends[0]};
    const Handed theirs{ends[1]}, probe{private_listener(address_)};
    Launch how{.command = {plan.program.string(), "serve"},
               .folder = std::filesystem::current_path(),
               .out = STDOUT_FILENO,
               .error = STDERR_FILENO};
    how.environment = plan.environment;
    how.outlives_us = true;  // it hears of our end, and then finishes what it has
    for (const int listener : plan.listeners) how.sockets.emplace_back("http", listener);
    how.sockets.emplace_back(net::name_of_probe, probe.descriptor);
    how.sockets.emplace_back(net::name_of_control, theirs.descriptor);
    pid_ = launch(how);
    control_ = std::exchange(ours.descriptor, -1);
}

ServerProcess::ServerProcess(RunningServer running)
    : release_(std::move(running.release)),
      address_(std::move(running.address)),
      pid_(running.pid),
      control_(running.control),
      ready_(true) {}

ServerProcess::~ServerProcess() {
    ::close(control_);
}

void ServerProcess::hear() {
    char chunk[1024];
    for (;;) {
        const auto got = ::recv(control_, chunk, sizeof chunk, MSG_DONTWAIT);
        if (got <= 0) return;
        if (heard_.size() < most_heard) heard_.append(chunk, static_cast<std::size_t>(got));
        for (auto end = heard_.find('\n'); end != std::string::npos; end = heard_.find('\n')) {
            const auto line = heard_.substr(0, end);
            heard_.erase(0, end + 1);
            if (line == "ready") ready_ = true;
            if (line.starts_with("failed ")) fault_ = line.substr(7);
        }
    }
}

std::optional<int> ServerProcess::ended() {
    if (!code_) code_ = poll_end(pid_);
    return code_;
}

Task<Result<void>> ServerProcess::wait_ready(std::chrono::seconds limit) {
    for (const auto deadline = steady_clock::now() + limit;;) {
        const auto end = ended();
        hear();
        if (ready_ && !end) co_return Result<void>();
        if (fault_) co_return Error(ErrorCode::unavailable, *fault_);
        if (end)
            co_return Error(ErrorCode::unavailable,
                            fmt::format("It ended before it was ready ({}).", words_of_end(*end)));
        if (steady_clock::now() > deadline)
            co_return Error(ErrorCode::unavailable,
                            fmt::format("It was not ready after {} seconds.", limit.count()));
        co_await net::sleep_for(look_at_process_every);
    }
}

Task<void> ServerProcess::wait_ended(std::chrono::seconds limit) {
    const auto deadline = steady_clock::now() + limit;
    while (!ended() && steady_clock::now() < deadline) co_await net::sleep_for(look_at_process_every);
    kill();
    while (!ended()) co_await net::sleep_for(look_at_process_every);
}

void ServerProcess::tell(const std::string& line) const {
    (void)!::send(control_, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void ServerProcess::kill() {
    if (!ended()) ::kill(pid_, SIGKILL);
}

void ServerProcess::listen() {
    tell("listen\n");
}

void ServerProcess::drain(std::chrono::seconds limit, std::chrono::seconds idle) {
    tell(fmt::format("drain {} {}\n", limit.count(), idle.count()));
}

}  // namespace bb::deploy
