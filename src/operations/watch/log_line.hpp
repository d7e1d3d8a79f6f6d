#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/core/error.hpp"
#include "base/core/time.hpp"

namespace bb::watch {

/// Longer ones are none of ours.
inline constexpr std::size_t longest_line = 64 * 1024;

/// One line of the log.
struct LogLine {
    Time time;
    std::string level;
    std::string event;
    std::string json;  // as it was written
    boost::json::object fields;
};

/// Reads a line; nullopt when it is not one of the log.
std::optional<LogLine> parse_line(std::string_view text);

/// "2026-11-22 20:10:00.123 WARN  request failed  id=... reason=...", in which nothing moves a terminal.
/// `host` may be empty.
std::string readable(const LogLine& line, std::string_view host);
/// The line as JSON, with a field "host" unless that is empty.
std::string as_json(const LogLine& line, std::string_view host);

/// Which lines are wanted; what is empty wants all.
struct LogFilter {
    std::optional<Time> since, until;
    std::string level;    // this one and what is more important
    std::string request;  // lines that belong to it
    std::string route;    // this one and those below
    std::string event;    // words of it

    bool fits(const LogLine& line) const;
    /// Only lines in which an extended regular expression is found. Errors: invalid_input.
    std::optional<Error> set_pattern(const std::string& text);

private:
    std::shared_ptr<const struct Pattern> pattern_;
};

}  // namespace bb::watch
