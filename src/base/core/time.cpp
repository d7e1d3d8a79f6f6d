#include "base/core/time.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "base/core/number.hpp"

namespace bb {
namespace {

struct Parts {
    std::chrono::year_month_day date;
    std::chrono::hh_mm_ss<std::chrono::microseconds> clock;
    std::chrono::weekday day;
};

Parts split(Time time) {
    const auto days = std::chrono::floor<std::chrono::days>(time);
    return {std::chrono::year_month_day(days), std::chrono::hh_mm_ss<std::chrono::microseconds>(time - days),
            std::chrono::weekday(days)};
}

/// "00" to "99", one after the other.
constexpr auto pairs = [] {
    std::array<char, 200> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
        table[i] = static_cast<char>('0' + (i % 2 == 0 ? i / 20 : i / 2 % 10));
    return table;
}();

/// The last two decimal digits of `number`, with a leading zero.
void put_two(char* out, unsigned number) {
    std::memcpy(out, pairs.data() + 2 * (number % 100), 2);
}

std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
    const auto value = parse_number<int>(text.substr(at, digits));
    if (!value || *value < 0) return std::nullopt;
    return value;
}

}  // namespace

Time now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

void append_rfc3339(std::string& out, Time time) {
    // Times that are written together are mostly of one day.
    thread_local std::chrono::sys_days day{std::chrono::days{-1'000'000}};
    thread_local char text[] = "0000-00-00T00:00:00.000000Z";
    const auto days = std::chrono::floor<std::chrono::days>(time);
    if (days != day) {
        const std::chrono::year_month_day date(days);
        const auto year = static_cast<unsigned>(int(date.year()));
        put_two(text, year / 100);
        put_two(text + 2, year);
        put_two(text + 5, unsigned(date.month()));
        put_two(text + 8, unsigned(date.day()));
        day = days;
    }
    const auto micros = static_cast<std::uint64_t>((time - days).count());
    const auto seconds = static_cast<unsigned>(micros / 1'000'000);
    const auto fraction = static_cast<unsigned>(micros % 1'000'000);
    put_two(text + 11, seconds / 3600);
    put_two(text + 14, seconds / 60 % 60);
    put_two(text + 17, seconds % 60);
    put_two(text + 20, fraction / 10'000);
    put_two(text + 22, fraction / 100);
    put_two(text + 24, fraction);
    out.append(text, sizeof text - 1);
}

std::string to_rfc3339(Time time) {
    std::string out;
    append_rfc3339(out, time);
    return out;
}

std::optional<Time> parse_rfc3339(std::string_view text) {
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
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second) + std::chrono::microseconds(*micros);
}

std::string to_http_date(Time time) {
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const Parts p = split(time);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[p.day.c_encoding()],
                       unsigned(p.date.day()), months[unsigned(p.date.month()) - 1], int(p.date.year()),
                       p.clock.hours().count(), p.clock.minutes().count(), p.clock.seconds().count());
}

}  // namespace bb
