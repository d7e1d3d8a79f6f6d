#include "services/llm/sse_reader.hpp"

#include <utility>

namespace bb::llm {

SseReader::Status SseReader::feed(std::string_view bytes, const OnEvent& on_event) {
    while (status_ == Status::more && !bytes.empty()) {
        if (after_cr_) {
            after_cr_ = false;
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
        }
        const auto end = bytes.find_first_of("\r\n");
        if (end == std::string_view::npos) return keep(bytes);
        after_cr_ = bytes[end] == '\r';
        if (partial_.empty()) {
            status_ = line(bytes.substr(0, end), on_event);
        } else if (keep(bytes.substr(0, end)) == Status::more) {
            const std::string whole = std::exchange(partial_, {});
            status_ = line(whole, on_event);
        }
        bytes.remove_prefix(end + 1);
    }
    return status_;
}

SseReader::Status SseReader::end(const OnEvent& on_event) {
    if (status_ == Status::more && !partial_.empty()) {
        const std::string whole = std::exchange(partial_, {});
        status_ = line(whole, on_event);
    }
    if (status_ == Status::more) status_ = dispatch(on_event);
    return status_;
}

SseReader::Status SseReader::keep(std::string_view bytes) {
    if (bytes.size() > max_event_ - partial_.size())
        status_ = Status::too_long;
    else
        partial_ += bytes;
    return status_;
}

SseReader::Status SseReader::line(std::string_view text, const OnEvent& on_event) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (std::exchange(at_start_, false) && text.starts_with(byte_order_mark)) text.remove_prefix(3);
    if (text.empty()) return dispatch(on_event);
    const auto colon = text.find(':');
    if (text.substr(0, colon) != "data") return Status::more;
    std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (value.size() + 1 > max_event_ - data_.size()) return Status::too_long;
    if (has_data_) data_ += '\n';
    has_data_ = true;
    data_ += value;
    return Status::more;
}

SseReader::Status SseReader::dispatch(const OnEvent& on_event) {
    if (!std::exchange(has_data_, false)) return Status::more;
    const std::string data = std::exchange(data_, {});
    return on_event(data) ? Status::more : Status::stopped;
}

}  // namespace bb::llm
