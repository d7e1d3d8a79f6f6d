#include "cli/since.hpp"

#include <chrono>
#include <cstdio>

namespace bb::cli {

std::optional<Time> parse_since(const std::string& text) {
    int amount = 0;
    char unit = 0;
    int used = 0;
    if (std::sscanf(text.c_str(), "%6d%c%n", &amount, &unit, &used) == 2 &&
        used == static_cast<int>(text.size())) {
        const int minutes = unit == 'm' ? 1 : unit == 'h' ? 60 : unit == 'd' ? 24 * 60 : 0;
        if (minutes > 0 && amount >= 0) return now() - std::chrono::minutes(std::int64_t(amount) * minutes);
    }
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, date = 0;
    used = 0;
    std::sscanf(text.c_str(), "%4d-%2d-%2d%nT%2d:%2d:%2dZ%n", &year, &month, &day, &date, &hour, &minute,
                &second, &used);
    const int size = static_cast<int>(text.size());
    if (date == 0 || (date != size && used != size)) return std::nullopt;
    const std::chrono::year_month_day calendar{std::chrono::year(year), std::chrono::month(unsigned(month)),
                                               std::chrono::day(unsigned(day))};
    if (!calendar.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return Time(std::chrono::sys_days(calendar)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

}  // namespace bb::cli
