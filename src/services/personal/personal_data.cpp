#include "services/personal/personal_data.hpp"

#include <algorithm>

#include "base/core/number.hpp"

namespace bb::personal {
namespace {

constexpr const char* remember_sql =
    "INSERT INTO imported (owner_id, kind, original_id, made_id) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (owner_id, kind, original_id) DO UPDATE SET made_id = EXCLUDED.made_id";

std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
    const auto value = parse_number<int>(text.substr(at, digits));
    if (!value || *value < 0) return std::nullopt;
    return value;
}

}  // namespace

Task<void> remember(db::Transaction& tx, Uuid owner, const char* kind, Uuid original, Uuid made) {
    co_await tx.query(remember_sql, owner, kind, original, made);
}

std::optional<Time> past_time(std::string_view text) {
    constexpr std::string_view form = "0000-00-00T00:00:00.000000Z";
    if (text.size() != form.size()) return std::nullopt;
    for (std::size_t i = 0; i < form.size(); ++i)
        if (form[i] != '0' && text[i] != form[i]) return std::nullopt;
    const auto year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    const auto hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
    const auto micros = number(text, 20, 6);
    if (!year || !month || !day || !hour || !minute || !second || !micros) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (*year < 1970 || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const Time time = Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
                      std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
                      std::chrono::microseconds(*micros);
    return std::min(time, now());
}

}  // namespace bb::personal
