#include "unit/base/db/made_up_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace bb::test {
namespace {

using Literals = std::vector<std::string>;
constexpr std::size_t most_bytes = 12'000;

// Two bytes, three, four; a letter and its accent apart; from right to left; what has to be quoted somewhere.
constexpr std::array letters = {"ñ", "é", "ǖ",  "漢", "字", "🙂", "𝒳",  "e\u0301", "ש", "ﷺ",
                                "a", " ", "\t", "\n", "\\", "''",   "\"", "%",       "{", "\x01"};
constexpr std::array times = {"timestamptz '2026-03-29 00:59:59.999999+00'",
                              "timestamptz '2026-10-25 01:00:00.000001+00'",
                              "timestamptz '1970-01-01 00:00:00+00'",
                              "timestamptz '1969-12-31 23:59:59.999999+00'",
                              "timestamptz '0001-01-01 00:00:00.000001+00'",
                              "timestamptz '294276-12-31 23:59:59.999999+00'",
                              "timestamptz 'infinity'",
                              "timestamptz '-infinity'"};
constexpr std::array days = {"date '0001-01-01'", "date '2028-02-29'", "date '5874897-12-31'",
                             "date 'infinity'"};
constexpr std::array reals = {"0",           "'-0'::float8", "0.1",   "'NaN'", "'Infinity'",
                              "'-Infinity'", "3.4e38",       "1e-37", "-1.5"};
constexpr std::array doubles = {"1.7976931348623157e308", "-1.7976931348623157e308", "5e-324",
                                "0.30000000000000004"};
constexpr std::array objects = {R"({})", R"({"": null})",
                                R"({"n": 123456789012345678901234567890.123456789})",
                                R"({"ñ": ["🙂", {"a": [[], {}, false]}], "b": "\" \\ \n ''"})"};
constexpr std::array lists = {R"([])", R"([null])", R"([1e300, -0.0, "漢", [[["x"]]]])", R"([{"a": {}}])"};
constexpr std::array texts_of_arrays = {
    "'{}'::text[]", "ARRAY[NULL, '', 'ñ🙂', 'a,b', '{}', '\"', '\\']::text[]", "ARRAY['']::text[]"};
constexpr std::array numbers_of_arrays = {
    "'{}'::bigint[]", "ARRAY[NULL, -9223372036854775808, 0, 9223372036854775807]::bigint[]"};

Literals quoted_in(const std::string& checks) {
    Literals found;
    for (auto at = checks.find('\''); at != std::string::npos; at = checks.find('\'', at)) {
        const auto end = checks.find('\'', at + 1);
        if (end == std::string::npos) break;
        found.push_back(checks.substr(at, end - at + 1));
        at = end + 1;
    }
    return found;
}

Literals numbers_in(const std::string& checks) {
    Literals found;
    for (std::size_t at = 0; at < checks.size(); ++at) {
        if (!isdigit(static_cast<unsigned char>(checks[at]))) continue;
        const auto end = checks.find_first_not_of("0123456789", at);
        const bool negative = at > 0 && checks[at - 1] == '-';
        found.push_back((negative ? "-" : "") + checks.substr(at, end - at));
        if (end == std::string::npos) break;
        at = end;
    }
    return found;
}

/// The least and the greatest, and what lies beside zero.
Literals ends_of(const std::string& type) {
    if (type == "smallint") return {"-32768", "32767", "0", "-1"};
    if (type == "integer") return {"-2147483648", "2147483647", "0", "-1"};
    return {"-9223372036854775808", "9223372036854775807", "0", "-1"};
}

template <class List>
std::string one_of(const List& list, std::size_t which) {
    return list[which % list.size()];
}

bool is_whole_number(const std::string& type) {
    return type == "integer" || type == "bigint" || type == "smallint";
}

}  // namespace

std::string MadeUpValues::value(const Column& column, bool extreme) {
    const auto words = quoted_in(column.checks);
    if (!words.empty() && (column.type == "text" || chance(2))) {
        const auto word = words[below(words.size())];
        if (column.type == "text") return chance(4) ? any(column, extreme) : word;
        if (column.type == "text[]") return fmt::format("ARRAY[{}]", word);
    }
    return any(column, extreme);
}

std::string MadeUpValues::any(const Column& column, bool extreme) {
    ++count_;
    const auto& type = column.type;
    if (type == "uuid") return uuid();
    if (type == "boolean") return chance(2) ? "true" : "false";
    if (type == "bytea") return bytes(column, extreme);
    if (type == "jsonb") {
        if (extreme)
            return fmt::format("'{}'::jsonb",
                               chance(2) ? one_of(lists, random_()) : one_of(objects, random_()));
        return chance(3) ? fmt::format("'[{}]'", count_) : fmt::format("'{{\"n\": {}}}'", count_);
    }
    if (type == "double precision" || type == "real" || type == "numeric") {
        if (extreme && type == "double precision" && chance(2)) return one_of(doubles, random_());
        return extreme ? one_of(reals, random_()) : fmt::format("{}.5", count_);
    }
    if (type == "date")
        return extreme ? one_of(days, random_()) : fmt::format("date '2026-01-01' + {}", below(300));
    if (type.rfind("timestamp", 0) == 0) return moment(extreme);
    if (type == "text[]") return extreme ? one_of(texts_of_arrays, random_()) : "'{}'";
    if (type == "bigint[]")
        return extreme ? one_of(numbers_of_arrays, random_()) : fmt::format("'{{{}}}'", count_);
    if (is_whole_number(type)) return number(column, extreme);
    return text(column, extreme);
}

/// One that a check names when it names some, or its neighbour.
std::string MadeUpValues::number(const Column& column, bool extreme) {
    const auto named = numbers_in(column.checks);
    if (!named.empty() && chance(2)) {
        const auto one = named[below(named.size())];
        return extreme ? fmt::format("{} + {}", one, static_cast<int>(below(3)) - 1) : one;
    }
    return extreme ? one_of(ends_of(column.type), random_()) : std::to_string(below(9));
}

/// Every byte there is, zero too; as many as a check wants.
std::string MadeUpValues::bytes(const Column& column, bool extreme) {
    const auto named = numbers_in(column.checks);
    std::size_t length = named.empty() || chance(4)
                             ? (chance(2) ? 8 : 32)
                             : std::strtoul(named[below(named.size())].c_str(), nullptr, 10);
    if (extreme && named.empty()) length = chance(2) ? 0 : 5000;
    length = std::min(length, most_bytes);
    std::string hex;
    for (std::size_t i = 0; i < length; ++i) hex += fmt::format("{:02x}", random_() % 256);
    return fmt::format("'\\x{}'::bytea", hex);
}

std::string MadeUpValues::text(const Column& column, bool extreme) {
    if (!extreme) return plain_word();
    const auto named = numbers_in(column.checks);
    if (chance(4)) return "''";
    std::size_t length = 1 + below(40);
    if (!named.empty() && chance(2))
        length = std::strtoul(named[below(named.size())].c_str(), nullptr, 10);  // as long as it may be
    else if (chance(3))
        length = column.longest;
    length = std::min(length, column.longest);
    std::string made;
    for (std::size_t i = 0; i < length; ++i) made += one_of(letters, random_());
    return "'" + made + "'";
}

std::string MadeUpValues::plain_word() {
    if (chance(2)) return fmt::format("'word{}'", count_);
    return fmt::format("'word.w{}'", std::string(3, static_cast<char>('a' + below(26))));
}

std::string MadeUpValues::moment(bool extreme) {
    if (extreme) return one_of(times, random_());
    return fmt::format("timestamptz '2026-11-26 10:00:00.{:06}+00' + interval '{} minutes'", below(1'000'000),
                       count_);
}

std::string MadeUpValues::uuid() {
    std::string hex;
    for (int i = 0; i < 4; ++i) hex += fmt::format("{:08x}", random_());
    return fmt::format("'{}-{}-4{}-8{}-{}'", hex.substr(0, 8), hex.substr(8, 4), hex.substr(13, 3),
                       hex.substr(17, 3), hex.substr(20, 12));
}

}  // namespace bb::test
