#include "base/core/time.hpp"

#include <fmt/format.h>

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

}  // namespace

Time now() { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }

void append_rfc3339(std::string& out, Time time) {
    const Parts p = split(time);
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", int(p.date.year()),
                   unsigned(p.date.month()), unsigned(p.date.day()), p.clock.hours().count(),
                   p.clock.minutes().count(), p.clock.seconds().count(), p.clock.subseconds().count());
}

std::string to_rfc3339(Time time) {
    std::string out;
    append_rfc3339(out, time);
    return out;
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
