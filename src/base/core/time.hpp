#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bb {

/// A moment in UTC with microseconds, as PostgreSQL's timestamptz keeps it.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// The wall clock now.
Time now();

/// RFC 3339 in UTC with microseconds and `Z`: 2026-11-22T20:10:00.123456Z.
std::string to_rfc3339(Time time);
void append_rfc3339(std::string& out, Time time);
/// A time as to_rfc3339() writes it; nullopt for anything else.
std::optional<Time> parse_rfc3339(std::string_view text);

/// RFC 9110 date for HTTP headers: Sun, 22 Nov 2026 20:10:00 GMT.
std::string to_http_date(Time time);

}  // namespace bb
