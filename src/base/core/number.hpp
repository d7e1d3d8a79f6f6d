#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bb {

/// The decimal number that `text` is. Nullopt when there is anything else in it, or when it does not fit.
template <class Number = std::int64_t>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return number;
}

}  // namespace bb
