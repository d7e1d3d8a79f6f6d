#include "base/core/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace bb {
namespace {

/// The bytes that need a second look: controls, quotes, `<`, and 0xe2, which may begin U+2028 or U+2029.
constexpr std::array<bool, 256> special = []() {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < 0x20; ++c) table[c] = true;
    for (const unsigned char c : {'"', '\\', '<'}) table[c] = true;
    table[0xe2] = true;
    return table;
}();

bool is_special(char c) {
    return special[static_cast<unsigned char>(c)];
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    if (std::none_of(text.begin(), text.end(), is_special)) {
        const auto at = out.size();
        out.resize(at + text.size() + 2, '"');
        text.copy(out.data() + at + 1, text.size());
        return;
    }
    out += '"';
    std::size_t from = 0;
    const auto flush_to = [&](std::size_t i) {
        out.append(text.substr(from, i - from));
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (!special[c]) continue;
        const bool separator = c == 0xe2 && i + 2 < text.size() && text[i + 1] == '\x80' &&
                               (text[i + 2] == '\xa8' || text[i + 2] == '\xa9');
        if (c == 0xe2 && !separator) continue;
        flush_to(i);
        if (separator) {
            out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
        }
        from = i + 1;
    }
    flush_to(text.size());
    out += '"';
}

void JsonWriter::separate() {
    if (need_comma_) out_ += ',';
    need_comma_ = true;
}

JsonWriter& JsonWriter::object() {
    separate();
    out_ += '{';
    closers_ += '}';
    need_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::array() {
    separate();
    out_ += '[';
    closers_ += ']';
    need_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::end() {
    out_ += closers_.back();
    closers_.pop_back();
    need_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    const auto at = out_.size();
    out_.resize(at + need_comma_ + name.size() + 3);
    char* to = out_.data() + at;
    if (need_comma_) *to++ = ',';
    *to++ = '"';
    to += name.copy(to, name.size());
    *to++ = '"';
    *to = ':';
    need_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    separate();
    append_json_string(out_, text);
    return *this;
}

JsonWriter& JsonWriter::value(bool truth) {
    return raw(truth ? "true" : "false");
}

JsonWriter& JsonWriter::value(std::int64_t number) {
    return raw(fmt::format_int(number).c_str());
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
    return raw(fmt::format_int(number).c_str());
}

JsonWriter& JsonWriter::value(double number) {
    return std::isfinite(number) ? raw(fmt::format("{}", number)) : null();
}

JsonWriter& JsonWriter::value(Time time) {
    separate();
    out_ += '"';
    append_rfc3339(out_, time);
    out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::value(const Uuid& id) {
    separate();
    out_ += '"';
    id.append_to(out_);
    out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::null() {
    return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

}  // namespace bb
