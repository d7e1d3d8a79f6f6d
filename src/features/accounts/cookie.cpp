#include "features/accounts/cookie.hpp"

namespace bb::accounts {
namespace {

constexpr std::string_view plain_name = "brainbytes_session";
constexpr std::string_view secure_name = "__Host-brainbytes_session";
constexpr std::string_view plain_way_name = "brainbytes_github";
constexpr std::string_view secure_way_name = "__Host-brainbytes_github";
constexpr int lifetime = 30 * 24 * 60 * 60;  // seconds
constexpr int way_lifetime = 15 * 60;        // seconds: ten minutes away, and some to read a mail
constexpr std::string_view plain_browser_name = "brainbytes_browser";
constexpr std::string_view secure_browser_name = "__Host-brainbytes_browser";
constexpr int lifetime = 30 * 24 * 60 * 60;  // seconds
constexpr int browser_lifetime = 5 * 60;

std::string cookie(std::string_view name, std::string_view value, int max_age, bool secure) {
    std::string text(name);
    text.append("=").append(value).append("; Path=/; Max-Age=").append(std::to_string(max_age));
    text.append("; HttpOnly; SameSite=Lax");
    if (secure) text.append("; Secure");
    return text;
}

// Over https only the bound name counts: a plain one may have been planted by a neighbour host. Over http a
// browser never sends the bound name, so it comes from a tool on this machine.
std::string_view either(const http::Request& request, std::string_view bound_name,
                        std::string_view plain_name) {
    if (const auto bound = request.cookie(bound_name); request.secure || !bound.empty()) return bound;
    return request.cookie(plain_name);
}

}  // namespace

std::string_view cookie_name(bool secure) {
    return secure ? secure_name : plain_name;
}

std::string set_cookie(std::string_view token, bool secure) {
    return cookie(cookie_name(secure), token, lifetime, secure);
}

std::string clear_cookie(bool secure) {
    return cookie(cookie_name(secure), "", 0, secure);
}

std::string set_way_cookie(std::string_view token, bool secure) {
    return cookie(secure ? secure_way_name : plain_way_name, token, way_lifetime, secure);
}

std::string_view way_token_of(const http::Request& request, bool secure) {
    return request.cookie(secure ? secure_way_name : plain_way_name);
}

std::string_view token_of(const http::Request& request) {
    return either(request, secure_name, plain_name);
}

std::string set_browser_cookie(std::string_view token, bool secure) {
    return cookie(secure ? secure_browser_name : plain_browser_name, token, browser_lifetime, secure);
}

std::string_view browser_token_of(const http::Request& request) {
    return either(request, secure_browser_name, plain_browser_name);
}

}  // namespace bb::accounts
