#include "base/core/trace.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/core/crypto.hpp"

namespace bb {
namespace {

constexpr std::size_t whole = 55;  // 00-<32>-<16>-<2>
constexpr std::size_t trace_digits = 32;
constexpr std::size_t span_digits = 16;

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_number(std::string_view text) {
    return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

/// Never all zeros: that means "none".
std::string random_number(std::size_t digits) {
    std::array<char, trace_digits / 2> bytes{};
    const std::string_view number(bytes.data(), digits / 2);
    while (std::count(number.begin(), number.end(), '\0') == static_cast<std::ptrdiff_t>(number.size()))
        crypto::random_fill(bytes.data(), number.size());
    return crypto::hex(number);
}

}  // namespace

Trace Trace::child() const {
    Trace part = *this;
    part.parent_id = span_id;
    part.span_id = random_number(span_digits);
    return part;
}

std::string Trace::traceparent() const {
    return "00-" + trace_id + '-' + span_id + (sampled ? "-01" : "-00");
}

Trace parse_traceparent(std::string_view header) {
    // A later version may have more behind what is known here (section 3.2.4).
    const auto version = header.substr(0, 2);
    const bool later = version != "00" && version != "ff" && is_hex(version);
    const bool fits = header.size() == whole || (later && header.size() > whole && header[whole] == '-');
    if (!fits || (version != "00" && !later)) return {};
    if (header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
    const auto trace_id = header.substr(3, trace_digits), parent_id = header.substr(36, span_digits);
    const auto flags = header.substr(53, 2);
    if (!is_number(trace_id) || !is_number(parent_id) || !is_hex(flags)) return {};
    Trace trace;
    trace.trace_id = trace_id;
    trace.parent_id = parent_id;
    const int low = flags[1] <= '9' ? flags[1] - '0' : flags[1] - 'a' + 10;
    trace.sampled = (low & 1) != 0;
    return trace;
}

Trace begin_trace(std::string_view traceparent) {
    auto trace = parse_traceparent(traceparent);
    if (trace.trace_id.empty()) trace.trace_id = random_number(trace_digits);
    trace.span_id = random_number(span_digits);
    return trace;
}

}  // namespace bb
