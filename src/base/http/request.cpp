#include "base/http/request.hpp"

#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::http {

std::string_view name_of(Method method) {
    constexpr std::string_view names[] = {"GET",   "HEAD",   "POST",    "PUT",
                                          "PATCH", "DELETE", "OPTIONS", "OTHER"};
    return names[static_cast<int>(method)];
}

std::string_view Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

std::string_view Request::cookie(std::string_view name) const {
    std::string_view rest = header("cookie");
    while (!rest.empty()) {
        const auto end = rest.find(';');
        const std::string_view pair = utf8::trim(rest.substr(0, end));
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name)
            return pair.substr(equals + 1);
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return {};
}

std::optional<std::string_view> Request::bearer() const {
    constexpr std::string_view scheme = "bearer";
    const auto field = utf8::trim(header("authorization"));
    if (field.size() < scheme.size()) return std::nullopt;
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        const char c = field[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != scheme[i]) return std::nullopt;
    }
    const auto rest = field.substr(scheme.size());
    if (!rest.empty() && rest.front() != ' ') return std::nullopt;
    return utf8::trim(rest);
}

std::optional<std::string_view> Request::query(std::string_view name) const {
    for (const auto& [key, value] : query_items)
        if (key == name) return value;
    return std::nullopt;
}

Result<Uuid> Request::path_id(std::string_view name, std::string_view what) const {
    for (const auto& [key, value] : path_params) {
        if (key != name) continue;
        if (const auto id = Uuid::parse(value)) return *id;
        return not_found(what);
    }
    throw std::logic_error("no path parameter " + std::string(name));
}

Result<boost::json::value> Request::json() const {
    const std::string_view type = header("content-type");
    std::string essence(utf8::trim(type.substr(0, type.find(';'))));
    for (char& c : essence)
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';  // media types are compared without case (RFC 9110, 8.3.1)
    if (essence != "application/json")
        return Error(ErrorCode::wrong_type, "The body must be sent as application/json.");
    if (!utf8::valid(body)) return Error(ErrorCode::malformed, "The body is not valid UTF-8.");
    return parse_json(body);
}

const Principal& Request::who() const {
    if (!principal) throw std::logic_error("a route without a session asked who is signed in");
    return *principal;
}

Uuid Request::user() const {
    return who().user;
}

Result<PageQuery> page_query(const Request& request, int standard, int max) {
    PageQuery page;
    page.limit = standard;
    if (const auto limit = request.query("limit")) {
        const auto number = parse_number<int>(*limit);
        if (!number || *number < 1 || *number > max)
            return bad_field("?limit", "must be a whole number from 1 to " + std::to_string(max));
        page.limit = *number;
    }
    if (const auto after = request.query("after")) {
        if (after->size() > 512) return bad_field("?after", "is not a cursor of this list");
        page.after = std::string(*after);
    }
    return page;
}

}  // namespace bb::http
