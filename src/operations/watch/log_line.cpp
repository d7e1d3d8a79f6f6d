#include "operations/watch/log_line.hpp"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <iterator>

#include "base/core/json_writer.hpp"
#include "base/core/utf8.hpp"

namespace bb::watch {
namespace {

constexpr std::string_view levels[] = {"debug", "info", "warn", "error"};

std::ptrdiff_t rank(std::string_view level) {
    return std::find(std::begin(levels), std::end(levels), level) - std::begin(levels);
}

std::string_view text_of(const boost::json::object& fields, std::string_view name) {
    const auto* value = fields.if_contains(name);
    const auto* text = value != nullptr ? value->if_string() : nullptr;
    return text != nullptr ? std::string_view(*text) : std::string_view();
}

/// Without C0, DEL and C1: those would move a terminal.
std::string harmless(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const bool c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (c1) ++i;
        out += c1 || c < 0x20 || c == 0x7f ? ' ' : text[i];
    }
    return out;
}

bool is_head(std::string_view name) {
    return name == "time" || name == "level" || name == "event";
}

}  // namespace

struct Pattern {
    Pattern() = default;
    ~Pattern() {
        if (compiled) ::regfree(&regex);
    }
    Pattern(const Pattern&) = delete;

    regex_t regex{};
    bool compiled = false;
};

std::optional<LogLine> parse_line(std::string_view text) {
    text = utf8::trim(text);
    if (text.size() < 2 || text.size() > longest_line || text.front() != '{') return std::nullopt;
    boost::system::error_code bad;
    auto value = boost::json::parse(text, bad);
    if (bad || !value.is_object()) return std::nullopt;
    LogLine line;
    line.fields = std::move(value.get_object());
    const auto time = parse_rfc3339(text_of(line.fields, "time"));
    line.level = text_of(line.fields, "level");
    line.event = text_of(line.fields, "event");
    if (!time || line.event.empty() || rank(line.level) == std::ssize(levels)) return std::nullopt;
    line.time = *time;
    line.json = text;
    return line;
}

std::string readable(const LogLine& line, std::string_view host) {
    auto time = to_rfc3339(line.time).substr(0, 23);
    time[10] = ' ';
    std::string level = line.level;
    std::transform(level.begin(), level.end(), level.begin(), [](char c) { return c - 'a' + 'A'; });
    std::string out = host.empty() ? "" : std::string(host) + "  ";
    out += fmt::format("{} {:5} {}", time, level, line.event);
    for (const auto& [name, value] : line.fields) {
        if (is_head(name)) continue;
        const std::string text = value.is_string() ? std::string(value.get_string()) : serialize(value);
        if (!text.empty()) out += fmt::format("  {}={}", std::string_view(name), text);
    }
    return harmless(out);
}

std::string as_json(const LogLine& line, std::string_view host) {
    if (host.empty()) return line.json;
    std::string out = "{\"host\":";
    append_json_string(out, host);
    return out + ',' + line.json.substr(1);
}

bool LogFilter::fits(const LogLine& line) const {
    if ((since && line.time < *since) || (until && line.time > *until)) return false;
    if (!level.empty() && rank(line.level) < rank(level)) return false;
    if (!event.empty() && line.event.find(event) == std::string::npos) return false;
    if (!request.empty()) {
        // The lines about a request itself have it as their own id.
        const bool own = line.event.starts_with("request") && text_of(line.fields, "id") == request;
        if (!own && text_of(line.fields, "request") != request) return false;
    }
    if (!route.empty()) {
        const auto is = text_of(line.fields, "route");
        const bool below =
            is.starts_with(route) && (route.ends_with('/') || is.substr(route.size(), 1) == "/");
        if (is != route && !below) return false;
    }
    return !pattern_ || ::regexec(&pattern_->regex, line.json.c_str(), 0, nullptr, 0) == 0;
}

std::optional<Error> LogFilter::set_pattern(const std::string& text) {
    const auto pattern = std::make_shared<Pattern>();
    const int fault = ::regcomp(&pattern->regex, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (fault != 0) {
        char words[200] = "";
        ::regerror(fault, &pattern->regex, words, sizeof words);
        return Error(ErrorCode::invalid_input, fmt::format("--grep: {}.", words));
    }
    pattern->compiled = true;
    pattern_ = pattern;
    return std::nullopt;
}

}  // namespace bb::watch
