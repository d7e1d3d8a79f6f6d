#include "base/http/chunked.hpp"

#include <algorithm>

namespace bb::http {
namespace {

constexpr std::size_t max_line = 4 * 1024;
constexpr std::size_t max_overhead = 16 * 1024;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool has_controls(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}

}  // namespace

ChunkReader::Line ChunkReader::take_line(std::string_view& bytes, std::string_view& line) {
    const auto end = bytes.find_first_of("\r\n");
    if (std::min(end, bytes.size()) > max_line) return Line::broken;
    if (end == std::string_view::npos) return Line::partial;
    if (bytes[end] == '\n') return Line::broken;
    if (end + 1 == bytes.size()) return Line::partial;
    if (bytes[end + 1] != '\n') return Line::broken;
    line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    return Line::whole;
}

bool ChunkReader::read_size(std::string_view line) {
    std::size_t digits = 0;
    std::uint64_t size = 0;
    for (; digits < line.size() && hex_value(line[digits]) >= 0; ++digits) {
        if (digits == 15) return false;  // beyond any size that means something
        size = size << 4 | static_cast<std::uint64_t>(hex_value(line[digits]));
    }
    const std::string_view extension = line.substr(digits);
    overhead_ += extension.size();
    if (digits == 0 || overhead_ > max_overhead) return false;
    if (!extension.empty() && (extension[0] != ';' || has_controls(extension))) return false;
    left_ = size;
    state_ = size > 0 ? State::data : State::trailer;
    return true;
}

bool ChunkReader::read_trailer(std::string_view line) {
    constexpr std::string_view no_token = " \t\"(),/;<=>?@[\\]{}";
    overhead_ += line.size() + 2;
    const std::string_view name = line.substr(0, line.find(':'));
    return overhead_ <= max_overhead && !name.empty() && name.size() < line.size() &&
           name.find_first_of(no_token) == std::string_view::npos && !has_controls(line);
}

ChunkReader::Step ChunkReader::feed(std::string_view bytes, std::size_t& used, std::string& body,
                                    std::size_t max_body) {
    const std::size_t given = bytes.size();
    const auto end_with = [&](Step step) {
        used += given - bytes.size();
        return step;
    };
    for (;;) {
        if (state_ == State::data) {
            const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
            body.append(bytes.substr(0, take));
            bytes.remove_prefix(take);
            left_ -= take;
            if (left_ > 0) return end_with(Step::more);
            state_ = State::data_end;
        }
        std::string_view line;
        const Line got = take_line(bytes, line);
        if (got == Line::broken) return end_with(Step::malformed);
        if (got == Line::partial) {
            const bool junk = state_ == State::data_end && !bytes.empty() && bytes[0] != '\r';
            return end_with(junk ? Step::malformed : Step::more);
        }
        if (state_ == State::trailer && line.empty()) return end_with(Step::done);
        if (state_ == State::data_end) {
            if (!line.empty()) return end_with(Step::malformed);
            state_ = State::size;
        } else if (!(state_ == State::size ? read_size(line) : read_trailer(line))) {
            return end_with(Step::malformed);
        }
        if (state_ == State::data && left_ > max_body - std::min(max_body, body.size()))
            return end_with(Step::too_large);
    }
}

}  // namespace bb::http
