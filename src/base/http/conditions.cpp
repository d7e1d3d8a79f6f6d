#include "base/http/conditions.hpp"

#include <algorithm>

#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::http {
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

std::optional<std::string> mark_in(std::string_view tag) {
    if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') return std::nullopt;
    tag = tag.substr(1, tag.size() - 2);
    return std::string(tag.substr(0, tag.find('.')));
}

}  // namespace

IfMatch IfMatch::of(const Request& request) {
    IfMatch condition;
    const std::string_view header = utf8::trim(request.header("if-match"));
    if (header.empty() || header == "*") return condition;
    condition.marks_.emplace();
    for (const std::string_view tag : split(header))
        if (auto mark = mark_in(tag)) condition.marks_->push_back(std::move(*mark));
    return condition;
}

bool IfMatch::allows(std::string_view mark) const {
    return !marks_ || std::find(marks_->begin(), marks_->end(), mark) != marks_->end();
}

std::optional<std::vector<std::int32_t>> IfMatch::versions() const {
    if (!marks_) return std::nullopt;
    std::vector<std::int32_t> versions;
    for (const auto& mark : *marks_)
        if (const auto version = parse_number<std::int32_t>(mark)) versions.push_back(*version);
    return versions;
}

std::string mark_of(std::string_view editable) {
    const auto tag = etag_of(editable);
    return tag.substr(1, tag.size() - 2);
}

Response tagged(const Request& request, Response response, std::string_view mark, const std::string& more) {
    const std::string tag = "\"" + std::string(mark) + "." + more + "\"";
    for (std::string_view known : split(request.header("if-none-match"))) {
        if (known.starts_with("W/")) known.remove_prefix(2);
        if (response.status != 200 || request.method != Method::get) break;
        if (known != tag && known != "*") continue;
        response.status = 304;
        response.body.clear();
        break;
    }
    response.header("ETag", tag);
    return response;
}

Response tagged(const Request& request, Response response, std::string_view mark) {
    const auto more = mark_of(response.body);
    return tagged(request, std::move(response), mark, more);
}

Error stale() {
    return Error(ErrorCode::stale,
                 "This has been changed in the meantime. Load it again and repeat your change.");
}

}  // namespace bb::http
