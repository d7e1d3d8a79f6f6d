#include "base/http/target.hpp"

#include <algorithm>

#include "base/core/utf8.hpp"

namespace bb::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Undoes percent-encoding; false when it is broken, or yields NUL or what is not UTF-8.
bool decode(std::string_view text, bool plus_is_space, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
            out += static_cast<char>(high << 4 | low);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return utf8::valid(out);
}

}  // namespace

std::optional<Error> split_target(Request& request) {
    std::string_view target = request.target;
    const auto scheme = target.find("://");
    if (!target.empty() && target[0] != '/' && scheme != std::string_view::npos) {
        const auto path = target.find('/', scheme + 3);  // absolute form (RFC 9112, 3.2.2)
        target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    }
    if (target.empty() || target[0] != '/')
        return Error(ErrorCode::malformed, "The address must start with a slash.");
    target = target.substr(0, target.find('#'));
    const auto question = target.find('?');
    if (!decode(target.substr(0, question), false, request.path))
        return Error(ErrorCode::malformed, "The address is not valid percent-encoded UTF-8.");
    std::string_view rest = question == std::string_view::npos ? "" : target.substr(question + 1);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        std::string key, value;
        if (!decode(pair.substr(0, equals), true, key) ||
            !decode(pair.substr(std::min(equals + 1, pair.size())), true, value))
            return Error(ErrorCode::malformed, "The query is not valid percent-encoded UTF-8.");
        if (!key.empty()) request.query_items.emplace_back(std::move(key), std::move(value));
    }
    return std::nullopt;
}

}  // namespace bb::http
