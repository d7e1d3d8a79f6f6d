#include "operations/safety/running_tool.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace bb::safety {
namespace {

constexpr std::size_t words_kept = 2000;

void collect(int descriptor, std::string& said) {
    char chunk[1024];
    for (ssize_t got; (got = ::read(descriptor, chunk, sizeof chunk)) != 0;) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return;
        said.append(chunk, static_cast<std::size_t>(got));
        if (said.size() > words_kept) said.erase(0, said.size() - words_kept);
    }
}

}  // namespace

RunningTool::RunningTool(std::vector<std::string> command, std::vector<std::string> environment, Ours ours)
    : name_(std::filesystem::path(command.front()).filename()) {
    Launch how;
    how.command = std::move(command);
    how.folder = "/";
    how.environment = std::move(environment);
    how.error = words_.writer();
    (ours == Ours::output ? how.out : how.in) = ours == Ours::output ? data_.writer() : data_.reader();
    pid_ = launch(how);
    words_.close_writer();
    if (ours == Ours::output)
        data_.close_writer();
    else
        data_.close_reader();
    listener_ = std::thread([this]() { collect(words_.reader(), said_); });
}

RunningTool::~RunningTool() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        wait_for(pid_);
    }
    stop_listening();
}

void RunningTool::stop_listening() {
    if (listener_.joinable()) listener_.join();
}

std::size_t RunningTool::read(char* into, std::size_t room) {
    for (;;) {
        const ssize_t got = ::read(data_.reader(), into, room);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), name_);
    }
}

void RunningTool::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(data_.writer(), bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            const int reason = errno;
            finish();
            throw std::system_error(reason, std::generic_category(), name_);
        }
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
}

void RunningTool::finish() {
    data_.close_writer();
    const int code = wait_for(std::exchange(pid_, -1));
    stop_listening();
    if (code == 0) return;
    while (!said_.empty() && said_.back() == '\n') said_.pop_back();
    throw std::runtime_error(fmt::format("{} failed (exit code {}): {}", name_, code, said_));
}

}  // namespace bb::safety
