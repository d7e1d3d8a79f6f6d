#include "base/config/rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::config {
namespace {

constexpr int most = 1'000'000;

/// A whole number from 1 to a million.
std::optional<double> amount(std::string_view text) {
    const auto number = parse_number(text);
    if (!number || *number < 1 || *number > most) return std::nullopt;
    return static_cast<double>(*number);
}

std::optional<double> seconds_of(std::string_view unit) {
    if (unit == "s") return 1;
    if (unit == "m") return 60;
    if (unit == "h") return 3600;
    return std::nullopt;
}

/// "120+5/s"
std::optional<Rate> parse_rate(std::string_view text) {
    const auto plus = text.find('+');
    const auto slash = text.find('/');
    if (plus == std::string_view::npos || slash == std::string_view::npos || slash < plus)
        return std::nullopt;
    const auto burst = amount(text.substr(0, plus));
    const auto refill = amount(text.substr(plus + 1, slash - plus - 1));
    const auto unit = seconds_of(text.substr(slash + 1));
    if (!burst || !refill || !unit) return std::nullopt;
    return Rate{*burst, *refill / *unit};
}

}  // namespace

Result<Rates> parse_rates(std::string_view text) {
    Rates rates;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const std::string_view item = utf8::trim(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        const auto equals = std::min(item.find('='), item.size());
        const auto rate = parse_rate(item.substr(std::min(equals + 1, item.size())));
        if (!rate || equals == 0)
            return Error(
                ErrorCode::invalid_input,
                fmt::format("must be limits such as person=120+5/s, separated by commas, not \"{}\"", item));
        rates[std::string(item.substr(0, equals))] = *rate;
    }
    return rates;
}

}  // namespace bb::config
