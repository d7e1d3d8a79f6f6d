#include "features/materials/conditions.hpp"

#include <algorithm>

#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::materials {
namespace {

std::vector<std::string_view> split(std::string_view list) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto comma = list.find(',');
        parts.push_back(utf8::trim(list.substr(0, comma)));
        if (comma == std::string_view::npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

std::optional<int> version_of(std::string_view tag) {
    if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') return std::nullopt;
    tag = tag.substr(1, tag.size() - 2);
    return parse_number<int>(tag.substr(0, tag.find('.')));
}

}  // namespace

IfMatch IfMatch::of(const http::Request& request) {
    IfMatch condition;
    const std::string_view header = utf8::trim(request.header("if-match"));
    if (header.empty() || header == "*") return condition;
    condition.versions_.emplace();
    for (const std::string_view tag : split(header))
        if (const auto version = version_of(tag)) condition.versions_->push_back(*version);
    return condition;
}

bool IfMatch::allows(int version) const {
    return !versions_ || std::find(versions_->begin(), versions_->end(), version) != versions_->end();
}

http::Response tagged(const http::Request& request, http::Response response, int version,
                      const std::string& more) {
    const std::string tag = "\"" + std::to_string(version) + "." + more + "\"";
    for (std::string_view known : split(request.header("if-none-match"))) {
        if (known.starts_with("W/")) known.remove_prefix(2);
        if (response.status != 200 || request.method != http::Method::get) break;
        if (known != tag && known != "*") continue;
        response.status = 304;
        response.body.clear();
        break;
    }
    response.header("ETag", tag);
    return response;
}

Error stale() {
    return Error(ErrorCode::stale,
                 "This has been changed in the meantime. Load it again and repeat your change.");
}

}  // namespace bb::materials
