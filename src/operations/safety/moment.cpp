#include "operations/safety/moment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "base/core/number.hpp"

namespace bb::safety {
namespace {

/// "Z", "+01:00".
std::optional<std::chrono::minutes> offset(std::string_view text) {
    if (text == "Z" || text == "z") return std::chrono::minutes(0);
    if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const auto hours = parse_number<unsigned>(text.substr(1, 2)),
               minutes = parse_number<unsigned>(text.substr(4, 2));
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const auto east = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    return text[0] == '+' ? east : -east;
}

}  // namespace

std::optional<Time> parse_moment(std::string_view text) {
    constexpr std::size_t to_seconds = 19;
    if (text.size() <= to_seconds) return std::nullopt;
    std::string plain(text.substr(0, to_seconds));
    if (plain[10] == 't' || plain[10] == ' ') plain[10] = 'T';
    auto rest = text.substr(to_seconds);
    std::string fraction;
    if (rest.front() == '.') {
        const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
        fraction = rest.substr(1, std::min<std::size_t>(end - 1, 6));
        if (fraction.empty()) return std::nullopt;
        rest.remove_prefix(end);
    }
    fraction.resize(6, '0');
    const auto time = parse_rfc3339(fmt::format("{}.{}Z", plain, fraction));
    const auto east = offset(rest);
    if (!time || !east) return std::nullopt;
    return *time - *east;
}

}  // namespace bb::safety
