#include "base/core/log_sink.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/core/time.hpp"

namespace bb::log {
namespace {

constexpr std::size_t most_pending = 4 << 20;  // bytes; beyond, new lines are dropped and counted
constexpr std::chrono::milliseconds gather{20};

/// ECMA-48 colours of debug, info, warn and error.
std::string_view color_of(spdlog::level::level_enum level) {
    if (level <= spdlog::level::debug) return "\x1b[36m";
    if (level == spdlog::level::info) return "\x1b[32m";
    return level == spdlog::level::warn ? "\x1b[33m" : "\x1b[31m";
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(descriptor, text.data(), text.size());
        if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
        if (n >= 0 || errno == EINTR) continue;
        if (errno != EAGAIN) return errno == ENOSPC;  // a full disk may have room again
        pollfd ready{descriptor, POLLOUT, 0};
        ::poll(&ready, 1, 1'000);
    }
    return true;
}

std::string line_about_dropped(std::size_t dropped) {
    return fmt::format(
        "{{\"time\":\"{}\",\"level\":\"warn\",\"event\":\"log lines dropped\",\"lines\":{}}}\n",
        to_rfc3339(now()), dropped);
}

}  // namespace

Output descriptor(int number) {
    return [number](std::string_view text) {
        return write_all(number, text);
    };
}

BatchSink::BatchSink(Output output, Form form) : output_(std::move(output)), form_(form) {
    writer_ = std::thread([this]() { run(); });
}

BatchSink::~BatchSink() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake_.notify_one();
    writer_.join();
}

void BatchSink::sink_it_(const spdlog::details::log_msg& message) {
    if (pending_.size() > most_pending) {
        ++dropped_;
        return;
    }
    const bool was_empty = pending_.empty();
    append(message);
    if (was_empty) wake_.notify_one();
}

void BatchSink::append(const spdlog::details::log_msg& message) {
    if (form_ == Form::bare) {
        pending_.append(message.payload.data(), message.payload.size()).append(1, '\n');
        return;
    }
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const std::string_view text(line.data(), line.size());
    const auto from = message.color_range_start, to = message.color_range_end;
    if (form_ == Form::plain || to <= from) {
        pending_.append(text);
        return;
    }
    pending_.append(text.substr(0, from))
        .append(color_of(message.level))
        .append(text.substr(from, to - from));
    pending_.append("\x1b[0m").append(text.substr(to));
}

void BatchSink::flush_() {
    urgent_ = true;
    wake_.notify_one();
}

void BatchSink::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this]() { return ending_ || !pending_.empty(); });
        wake_.wait_for(lock, gather, [this]() { return ending_ || urgent_; });
        std::string batch = std::exchange(pending_, {});
        const std::size_t dropped = std::exchange(dropped_, 0);
        const bool last = ending_;
        urgent_ = false;
        lock.unlock();
        if (dropped > 0) batch += line_about_dropped(dropped);
        const bool open = output_(batch);
        lock.lock();
        if (last || !open) return;
    }
}

}  // namespace bb::log
