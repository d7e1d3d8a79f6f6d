#include "features/accounts/cookie.hpp"

namespace bb::accounts {
namespace {

constexpr std::string_view plain_name = "brainbytes_session";
constexpr std::string_view secure_name = "__Host-brainbytes_session";
constexpr int lifetime = 30 * 24 * 60 * 60;  // seconds

std::string cookie(std::string_view value, int max_age, bool secure) {
    std::string text(cookie_name(secure));
    text.append("=").append(value).append("; Path=/; Max-Age=").append(std::to_string(max_age));
    text.append("; HttpOnly; SameSite=Lax");
    if (secure) text.append("; Secure");
    return text;
}

}  // namespace

std::string_view cookie_name(bool secure) {
    return secure ? secure_name : plain_name;
}

std::string set_cookie(std::string_view token, bool secure) {
    return cookie(token, lifetime, secure);
}

std::string clear_cookie(bool secure) {
    return cookie("", 0, secure);
}

std::string_view token_of(const http::Request& request) {
    // Over https only the bound name counts: a plain one may have been planted by a neighbour host. Over http
    // a browser never sends the bound name, so it comes from a tool on this machine.
    if (const auto bound = request.cookie(secure_name); request.secure || !bound.empty()) return bound;
    return request.cookie(plain_name);
}

}  // namespace bb::accounts
