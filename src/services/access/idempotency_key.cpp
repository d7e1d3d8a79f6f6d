#include "base/core/utf8.hpp"
#include "base/http/multipart.hpp"
#include "services/access/idempotency.hpp"

namespace bb::access {
namespace {

constexpr std::size_t longest = 200;

Error wrong_key() {
    return {
        ErrorCode::malformed,
        "Idempotency-Key must be one string of 1 to 200 visible ASCII characters, with or without quotes."};
}

/// What stands between the quotes of a structured-field string (RFC 9651, 3.3.3); false when it is none.
bool unquote(std::string_view text, std::string& out) {
    if (text.size() < 2 || text.back() != '"') return false;
    text = text.substr(1, text.size() - 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') return false;
        if (text[i] == '\\' && (++i == text.size() || (text[i] != '"' && text[i] != '\\'))) return false;
        out += text[i];
    }
    return true;
}

bool is_visible(std::string_view text, std::string_view forbidden) {
    for (const char c : text)
        if (c < ' ' || c > '~' || forbidden.find(c) != std::string_view::npos) return false;
    return true;
}

}  // namespace

Result<std::string> idempotency_key(const http::Request& request) {
    int count = 0;
    for (const auto& [name, value] : request.headers) count += name == "idempotency-key";
    const std::string_view given = utf8::trim(request.header("idempotency-key"));
    if (count != 1 || given.empty()) return wrong_key();
    std::string key;
    if (given.front() == '"') {
        if (!is_visible(given, "") || !unquote(given, key)) return wrong_key();
    } else {
        if (!is_visible(given, " \",;\\")) return wrong_key();
        key = std::string(given);
    }
    if (key.empty() || key.size() > longest) return wrong_key();
    return key;
}

std::string fingerprint_of(const http::Request& request) {
    const auto type = request.header("content-type");
    std::string mark = http::etag_of(request.target);
    const auto parts = type.substr(0, 10) == "multipart/" ? http::parse_multipart(type, request.body)
                                                          : Result<std::vector<http::Part>>(Error());
    if (!parts) return mark + http::etag_of(type) + http::etag_of(request.body);
    for (const auto& part : *parts)
        for (const std::string_view piece : {std::string_view(part.name), std::string_view(part.file_name),
                                             std::string_view(part.media_type), part.content})
            mark += http::etag_of(piece);
    return http::etag_of(mark);
}

}  // namespace bb::access
