#include "operations/safety/running_tool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace bb::safety {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t words_kept = 2000;
constexpr int watch_every_ms = 500;
constexpr int listen_every_ms = 100;
constexpr int pieces_after_the_end = 100;
constexpr int pipe_size = 1 << 20;
constexpr std::size_t input_piece = 256 * 1024;
constexpr std::size_t most_output = 64u << 20;
constexpr std::chrono::milliseconds end_looked_for{5};
constexpr std::chrono::seconds grace{5};

void collect(int descriptor, std::string& said, const std::atomic<bool>& ended) {
    char chunk[1024];
    for (int left = pieces_after_the_end; left > 0;) {
        pollfd stream{descriptor, POLLIN, 0};
        const bool was_over = ended;
        const int ready = ::poll(&stream, 1, listen_every_ms);
        if (was_over) --left;
        if (ready == 0 && was_over) return;
        if (ready <= 0) continue;
        const ssize_t got = ::read(descriptor, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        said.append(chunk, static_cast<std::size_t>(got));
        if (said.size() > words_kept) said.erase(0, said.size() - words_kept);
    }
}

}  // namespace

RunningTool::RunningTool(std::vector<std::string> command, std::vector<std::string> environment, Ours ours,
                         std::function<void()> watch, const std::filesystem::path& folder)
    : name_(std::filesystem::path(command.front()).filename()), watch_(std::move(watch)) {
    Launch how;
    how.command = std::move(command);
    how.folder = folder;
    how.environment = std::move(environment);
    how.error = words_.writer();
    if (ours == Ours::input)
        how.in = data_.reader();
    else
        how.out = data_.writer();
    if (ours == Ours::both) how.in = input_.reader();
    // Programs write in small pieces, and should not wait for us while we compress and seal; a system that
    // allows no more keeps the size it has.
    ::fcntl(data_.reader(), F_SETPIPE_SZ, pipe_size);
    ::fcntl(input_.reader(), F_SETPIPE_SZ, pipe_size);
    pid_ = launch(how);
    words_.close_writer();
    input_.close_reader();
    if (ours != Ours::both) input_.close_writer();
    if (ours == Ours::input)
        data_.close_reader();
    else
        data_.close_writer();
    // A full pipe is waited for where somebody watches.
    for (const int writer : {data_.writer(), input_.writer()})
        if (writer >= 0) ::fcntl(writer, F_SETFL, O_NONBLOCK);
    listener_ = std::thread([this]() { collect(words_.reader(), said_, ended_); });
}

RunningTool::~RunningTool() {
    end();
    stop_listening();
}

void RunningTool::end() {
    if (pid_ <= 0) return;
    data_.close_reader();
    data_.close_writer();
    input_.close_writer();
    kill(-pid_, SIGTERM);  // launch() has given it a group of its own
    for (const auto deadline = steady_clock::now() + grace; steady_clock::now() < deadline;) {
        if (poll_end(pid_)) return void(pid_ = -1);
        std::this_thread::sleep_for(end_looked_for);
    }
    kill(-pid_, SIGKILL);
    wait_for(std::exchange(pid_, -1));
}

void RunningTool::wait_until_ready(int descriptor, short events) {
    const auto deadline = steady_clock::now() + longest_silence;
    for (;;) {
        pollfd stream{descriptor, events, 0};
        const bool ready = ::poll(&stream, 1, watch_every_ms) > 0;
        watch_in_time();
        if (ready) return;
        if (steady_clock::now() > deadline)
            throw std::runtime_error(
                fmt::format("{} did nothing for {} minutes", name_, longest_silence.count()));
    }
}

/// Also while it writes without a pause.
void RunningTool::watch_in_time() {
    if (steady_clock::now() - watched_ < std::chrono::milliseconds(watch_every_ms)) return;
    watch_();
    watched_ = steady_clock::now();
}

void RunningTool::stop_listening() {
    ended_ = true;
    if (listener_.joinable()) listener_.join();
}

std::size_t RunningTool::read(char* into, std::size_t room) {
    for (;;) {
        wait_until_ready(data_.reader(), POLLIN);
        const ssize_t got = ::read(data_.reader(), into, room);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), name_);
    }
}

/// As much as it takes now. One that needs no more closes its input, which is no fault.
void RunningTool::give_some(http::FileSource& input) {
    if (taken_ == given_.size()) {
        given_.resize(input_piece);
        given_.resize(input.read(given_.data(), given_.size()));
        taken_ = 0;
        if (given_.empty()) return input_.close_writer();
    }
    const ssize_t put = ::write(input_.writer(), given_.data() + taken_, given_.size() - taken_);
    if (put >= 0)
        taken_ += static_cast<std::size_t>(put);
    else if (errno != EINTR && errno != EAGAIN)
        input_.close_writer();
}

std::size_t RunningTool::read(char* into, std::size_t room, http::FileSource& input) {
    const auto deadline = steady_clock::now() + longest_silence;
    for (;;) {
        pollfd streams[] = {{data_.reader(), POLLIN, 0}, {input_.writer(), POLLOUT, 0}};
        ::poll(streams, 2, watch_every_ms);
        watch_in_time();
        if (streams[1].revents != 0) give_some(input);
        if (streams[0].revents != 0) {
            const ssize_t got = ::read(data_.reader(), into, room);
            if (got >= 0) return static_cast<std::size_t>(got);
            if (errno != EINTR) throw std::system_error(errno, std::generic_category(), name_);
        }
        if (steady_clock::now() > deadline)
            throw std::runtime_error(
                fmt::format("{} did nothing for {} minutes", name_, longest_silence.count()));
    }
}

void RunningTool::write(std::string_view bytes) {
    while (!bytes.empty()) {
        wait_until_ready(data_.writer(), POLLOUT);
        const ssize_t put = ::write(data_.writer(), bytes.data(), bytes.size());
        if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
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
    input_.close_writer();
    std::optional<int> code;
    const auto deadline = steady_clock::now() + longest_silence;
    while (!(code = poll_end(pid_))) {
        std::this_thread::sleep_for(end_looked_for);
        watch_in_time();
        if (steady_clock::now() > deadline)
            throw std::runtime_error(
                fmt::format("{} did not end within {} minutes", name_, longest_silence.count()));
    }
    pid_ = -1;
    stop_listening();
    if (*code == 0) return;
    while (!said_.empty() && said_.back() == '\n') said_.pop_back();
    throw std::runtime_error(fmt::format("{} failed (exit code {}): {}", name_, *code, said_));
}

std::string output_of(std::vector<std::string> command, std::vector<std::string> environment,
                      const std::function<void()>& watch, const std::filesystem::path& folder,
                      bool may_fail) {
    const auto name = command.front();
    RunningTool tool(std::move(command), std::move(environment), RunningTool::Ours::output, watch, folder);
    std::string text, chunk(4096, '\0');
    while (const auto got = tool.read(chunk.data(), chunk.size())) {
        text.append(chunk, 0, got);
        if (text.size() > most_output) throw std::runtime_error(name + " wrote without an end");
    }
    try {
        tool.finish();
    } catch (const std::runtime_error&) {
        if (!may_fail || text.empty()) throw;
    }
    return text;
}

}  // namespace bb::safety
