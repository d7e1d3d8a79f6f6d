#include "features/materials/extract/cells.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace bb::materials::extract {
namespace {

constexpr double seconds_of_a_day = 86'400;
constexpr double last_day = 2'958'465;  // 9999-12-31

std::string date_of(std::int64_t days, bool from_1904) {
    using namespace std::chrono;
    // Excel believes in a 29 February 1900: from March on, days are counted from the day before the last of
    // 1899.
    const sys_days start = from_1904   ? sys_days(year(1904) / 1 / 1)
                           : days < 60 ? sys_days(year(1899) / 12 / 31)
                                       : sys_days(year(1899) / 12 / 30);
    const year_month_day date(start + std::chrono::days(days));
    char text[24];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text;
}

std::string time_of(int seconds) {
    char text[24];
    const int rest = seconds % 60;
    if (rest == 0)
        std::snprintf(text, sizeof text, "%02d:%02d", seconds / 3600, seconds / 60 % 60);
    else
        std::snprintf(text, sizeof text, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, rest);
    return text;
}

std::string rounded(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.15g", value);
    return text;
}

}  // namespace

CellFormat format_of_number(int id) {
    if (id == 9 || id == 10) return CellFormat::percent;
    if (id == 22) return CellFormat::date_and_time;
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 58))
        return CellFormat::date;
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47)) return CellFormat::time;
    return CellFormat::number;
}

CellFormat format_of_code(std::string_view code) {
    bool date = false;
    bool time = false;
    bool percent = false;
    for (std::size_t i = 0; i < code.size() && code[i] != ';'; ++i) {
        const char c = code[i];
        if (c == '"' || c == '[') {
            const bool elapsed = c == '[' && i + 1 < code.size() &&
                                 std::string_view("hHmMsS").find(code[i + 1]) != std::string_view::npos;
            time = time || elapsed;
            const auto end = code.find(c == '"' ? '"' : ']', i + 1);
            if (end == std::string_view::npos) break;
            i = end;
        } else if (c == '\\' || c == '_' || c == '*') {
            ++i;
        } else if (code.substr(i).starts_with("General")) {
            return CellFormat::number;
        } else {
            date = date || c == 'y' || c == 'Y' || c == 'd' || c == 'D';
            time = time || c == 'h' || c == 'H' || c == 's' || c == 'S';
            percent = percent || c == '%';
        }
    }
    if (date) return time ? CellFormat::date_and_time : CellFormat::date;
    if (time) return CellFormat::time;
    return percent ? CellFormat::percent : CellFormat::number;
}

std::string shown(std::string_view number, CellFormat format, bool from_1904) {
    double value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec != std::errc() || read.ptr != number.data() + number.size() || !std::isfinite(value))
        return std::string(number);
    if (format == CellFormat::number) return rounded(value);
    if (format == CellFormat::percent) return rounded(value * 100) + '%';
    if (value < 0 || value > last_day) return rounded(value);
    auto days = static_cast<std::int64_t>(value);
    auto seconds = static_cast<int>(std::lround((value - static_cast<double>(days)) * seconds_of_a_day));
    if (seconds == static_cast<int>(seconds_of_a_day)) {
        ++days;
        seconds = 0;
    }
    if (format == CellFormat::time && days == 0) return time_of(seconds);
    const std::string date = date_of(days, from_1904);
    return seconds == 0 ? date : date + ' ' + time_of(seconds);
}

}  // namespace bb::materials::extract
