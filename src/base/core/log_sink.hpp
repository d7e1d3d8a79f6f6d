#pragma once
#include <spdlog/sinks/base_sink.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace bb::log {

/// Writes out text; false when nothing more can be written there ever.
using Output = std::function<bool(std::string_view text)>;

/// The descriptor as an output. Waits for a slow reader.
Output descriptor(int number);

/// Gathers lines and writes them out from a thread of its own, some fifty times a second: one system call for
/// many lines, and no request ever waits for a slow terminal, pipe or disk. What a flush asks for goes at
/// once.
class BatchSink : public spdlog::sinks::base_sink<std::mutex> {
public:
    enum class Form {
        bare,     // the message alone
        plain,    // as the pattern says
        colored,  // the same, with the level coloured where the pattern says so
    };
    BatchSink(Output output, Form form);
    /// Writes out what was gathered.
    ~BatchSink() override;

protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override;

private:
    void append(const spdlog::details::log_msg& message);
    void run();

    const Output output_;
    const Form form_;
    std::string pending_;
    std::size_t dropped_ = 0;  // lines, since the last write
    bool urgent_ = false;
    bool ending_ = false;
    std::condition_variable_any wake_;
    std::thread writer_;
};

}  // namespace bb::log
