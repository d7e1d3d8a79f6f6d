#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace bb::llm {

/// Reads server-sent events (WHATWG HTML 9.2) however their bytes are split. Keeps only `data`; comments and
/// other fields are dropped. Memory is bounded.
class SseReader {
public:
    /// Gets the data of one event; false ends the reading.
    using OnEvent = std::function<bool(std::string_view data)>;

    /// `max_event`: bytes of one event's data, and of one line.
    explicit SseReader(std::size_t max_event = 256 * 1024) : max_event_(max_event) {}

    enum class Status { more, stopped, too_long };
    /// Reads on. After anything but `more` the reader takes nothing more.
    Status feed(std::string_view bytes, const OnEvent& on_event);
    /// The stream has ended: an event that lacks only its empty line still counts.
    Status end(const OnEvent& on_event);

private:
    Status line(std::string_view text, const OnEvent& on_event);
    Status dispatch(const OnEvent& on_event);
    Status keep(std::string_view bytes);

    std::size_t max_event_;
    Status status_ = Status::more;
    std::string partial_;  // a line whose end has not come yet
    std::string data_;
    bool has_data_ = false;
    bool after_cr_ = false;
    bool at_start_ = true;
};

}  // namespace bb::llm
