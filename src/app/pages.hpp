#pragma once
#include <string>

#include "app/shared_assets.hpp"
#include "base/http/request.hpp"
#include "base/http/response.hpp"

namespace bb::app {

/// The Content-Security-Policy of every answer: nothing but our own files; inline scripts of the page by
/// their hash.
std::string content_security_policy();

/// Answers what no route of the API takes: files of the built page and those of `others`, the page itself for
/// its own addresses, and 404 for everything else.
http::Response page_or_asset(const http::Request& request, const SharedAssets& others);

/// The element that gives another page the looks of ours; empty without a built page.
std::string stylesheet_link();

}  // namespace bb::app
