#pragma once
#include <string>
#include <string_view>

#include "base/http/request.hpp"

namespace bb::accounts {

/// Name of the session cookie: `__Host-` binds it to https and to this host alone.
std::string_view cookie_name(bool secure);

/// Value of Set-Cookie that hands `token` to the browser for 30 days.
std::string set_cookie(std::string_view token, bool secure);

/// Value of Set-Cookie that makes the browser drop its session.
std::string clear_cookie(bool secure);

/// The same for the token that tells which browser went to GitHub: good for a quarter of an hour.
std::string set_way_cookie(std::string_view token, bool secure);
/// That token of a request, or empty.
std::string_view way_token_of(const http::Request& request, bool secure);

/// The session token a request carries, or empty.
std::string_view token_of(const http::Request& request);

/// Value of Set-Cookie that lets a browser answer, for five minutes, the challenge it asked for to sign in.
std::string set_browser_cookie(std::string_view token, bool secure);

/// The token of set_browser_cookie that a request carries, or empty.
std::string_view browser_token_of(const http::Request& request);

}  // namespace bb::accounts
