#include "operations/safety/drill_site.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/client/exchange.hpp"
#include "base/core/program.hpp"
#include "base/db/cluster_process.hpp"
#include "operations/safety/folder_store.hpp"
#include "operations/safety/running_tool.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr const char* ourselves = "/proc/self/exe";
constexpr std::chrono::seconds longest_start{60};
constexpr std::chrono::seconds longest_stop{30};
constexpr std::size_t log_shown = 2000;

/// A port of this machine that nobody listens on at this moment.
int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (fd >= 0) ::close(fd);
    if (!bound) throw std::runtime_error("no port is free for the server of the drill");
    return ntohs(address.sin_port);
}

std::string end_of(const fs::path& log) {
    auto text = fs::exists(log) ? read_small_file(log) : std::string();
    if (text.size() > log_shown) text.erase(0, text.size() - log_shown);
    return text;
}

}  // namespace

DrillSite::DrillSite(fs::path folder, std::vector<std::string> environment, std::function<void()> watch)
    : folder_(std::move(folder)),
      environment_(std::move(environment)),
      watch_(std::move(watch)),
      port_(free_port()) {
    fs::create_directories(folder_);
    fs::permissions(folder_, fs::perms::owner_all);
    environment_.push_back("BRAINBYTES_DATA=" + data().string());
    environment_.push_back(fmt::format("BRAINBYTES_LISTEN=127.0.0.1:{}", port_));
    environment_.emplace_back("BRAINBYTES_DRAIN_SECONDS=1");
}

DrillSite::~DrillSite() {
    stop_server();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

std::string DrillSite::command(const std::vector<std::string>& words, bool may_fail) const {
    std::vector<std::string> command = {ourselves};
    command.insert(command.end(), words.begin(), words.end());
    return output_of(std::move(command), environment_, watch_, "/", may_fail);
}

std::string DrillSite::url() const {
    return fmt::format("http://127.0.0.1:{}", port_);
}

void DrillSite::start_server() {
    const auto log = folder_ / "server.log";
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0) throw std::runtime_error(fmt::format("{} cannot be written", log.string()));
    Launch how{.command = {ourselves, "serve"}, .folder = folder_, .out = out, .error = out};
    how.environment = environment_;
    server_ = launch(how);
    ::close(out);
    for (const auto deadline = steady_clock::now() + longest_start;;) {
        const auto reply = client::exchange({"GET", fmt::format("http://127.0.0.1:{}/readyz", port_)});
        if (reply.status == 200) return;
        if (steady_clock::now() > deadline || ::kill(server_, 0) != 0)
            throw std::runtime_error("the server did not become ready: " + end_of(log));
        watch_();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void DrillSite::stop_server() {
    if (server_ <= 0) return;
    ::kill(server_, SIGTERM);
    for (const auto deadline = steady_clock::now() + longest_stop; steady_clock::now() < deadline;) {
        if (poll_end(server_)) return void(server_ = -1);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(server_, SIGKILL);
    wait_for(std::exchange(server_, -1));
}

void DrillSite::kill_all() {
    if (server_ > 0) {
        ::kill(server_, SIGKILL);
        wait_for(std::exchange(server_, -1));
    }
    for (const auto pid : db::processes_in(data() / "postgres")) ::kill(pid, SIGKILL);
    const auto deadline = steady_clock::now() + longest_stop;
    while (!db::processes_in(data() / "postgres").empty() && steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

void DrillSite::set(const std::string& name, const std::string& value) {
    std::erase_if(environment_, [&](const auto& one) { return one.starts_with(name + "="); });
    environment_.push_back(name + "=" + value);
}

DrillSite::Answer DrillSite::request(const std::string& method, const std::string& target,
                                     const std::string& cookie, const std::string& json) const {
    client::Outgoing request(method, fmt::format("http://127.0.0.1:{}{}", port_, target));
    request.headers.emplace_back("Cookie", cookie);
    if (!json.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = json;
    const auto reply = client::exchange(std::move(request));
    if (reply.failure) throw std::runtime_error(fmt::format("{} {}: {}", method, target, reply.detail));
    return {reply.status, reply.body};
}

}  // namespace bb::safety
