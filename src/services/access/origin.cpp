#include "services/access/origin.hpp"

#include <algorithm>

namespace bb::access {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

bool only_reads(http::Method method) {
    return method == http::Method::get || method == http::Method::head || method == http::Method::options;
}

/// The host of an origin, with its port when that is not the standard one.
std::string host_of_origin(std::string_view origin) {
    return std::string(origin.substr(origin.find("://") + 3));
}

bool is_own_page(std::string_view origin, const http::Request& request, std::string_view own_url) {
    const auto from = origin_of_url(origin);
    if (from.empty()) return false;
    if (from == origin_of_url(own_url)) return true;
    // The scheme does not count here: a proxy that ends TLS may not be known to us as one.
    const auto scheme = from.substr(0, from.find("://") + 3);
    const auto own = origin_of_url(scheme + std::string(request.header("host")));
    return !own.empty() && host_of_origin(from) == host_of_origin(own);
}

}  // namespace

std::string origin_of_url(std::string_view url) {
    auto text = lower(url);
    const auto mark = text.find("://");
    if (mark == std::string::npos) return {};
    const auto scheme = text.substr(0, mark);
    if (scheme != "http" && scheme != "https") return {};

    auto host = text.substr(mark + 3);
    host.erase(std::min(host.find_first_of("/?#"), host.size()));
    if (host.empty() || host.find_first_of(" \t@,") != std::string::npos) return {};
    const std::string_view own_port = scheme == "https" ? ":443" : ":80";
    if (host.size() > own_port.size() && host.ends_with(own_port)) host.erase(host.size() - own_port.size());
    return scheme + "://" + host;
}

std::optional<std::string> refuse_origin(const http::Request& request, std::string_view own_url) {
    if (only_reads(request.method)) return std::nullopt;
    const auto site = request.header("sec-fetch-site");
    const auto origin = request.header("origin");
    const bool site_fits = site.empty() || site == "same-origin";
    const bool origin_fits = origin.empty() || is_own_page(origin, request, own_url);
    if (site_fits && origin_fits) return std::nullopt;
    return "This request came from a page of another site. If it is this site's own address, the operator "
           "must set "
           "BRAINBYTES_URL to it.";
}

}  // namespace bb::access
