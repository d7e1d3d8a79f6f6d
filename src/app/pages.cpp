#include "app/pages.hpp"

#include <algorithm>
#include <embedded/assets.hpp>

#include "base/core/crypto.hpp"
#include "base/http/gzip.hpp"

namespace bb::app {
namespace {

const embedded::EmbeddedFile* find_asset(std::string_view path) {
    const auto files = embedded::embedded_assets();
    const auto at =
        std::lower_bound(files.begin(), files.end(), path,
                         [](const auto& file, std::string_view wanted) { return file.path < wanted; });
    return at != files.end() && at->path == path ? &*at : nullptr;
}

/// Addresses that the page's own router knows.
bool is_page(std::string_view path) {
    constexpr std::string_view exact[] = {
        "/",           "/sign-in",  "/sign-in/link",  "/sign-in/github", "/setup",
        "/invitation", "/admin",    "/chat",          "/materials",      "/search",
        "/shared",     "/settings", "/settings/data", "/unsubscribe"};
    constexpr std::string_view below[] = {"/admin/", "/chat/", "/materials/", "/shared/"};
    return std::find(std::begin(exact), std::end(exact), path) != std::end(exact) ||
           std::any_of(std::begin(below), std::end(below),
                       [&](std::string_view start) { return path.substr(0, start.size()) == start; });
}

std::string preload_link(std::string_view path) {
    return "<" + std::string(path) + ">; rel=modulepreload";
}

/// The part of the page behind the doors, and what it imports beyond what the page itself names, for a Link
/// header; empty when there is no such part.
std::string inside_links() {
    constexpr std::string_view start = "/assets/SignedIn-";
    const auto files = embedded::embedded_assets();
    const auto at =
        std::lower_bound(files.begin(), files.end(), start,
                         [](const auto& file, std::string_view wanted) { return file.path < wanted; });
    const auto* index = find_asset("/index.html");
    if (!index || at == files.end() || !at->path.starts_with(start)) return {};
    std::string links = preload_link(at->path);
    constexpr std::string_view imports = "from\"./";  // as the bundler writes it
    const std::string_view code = at->identity;
    for (auto from = code.find(imports); from != std::string_view::npos; from = code.find(imports, from)) {
        from += imports.size();
        const std::string path = "/assets/" + std::string(code.substr(from, code.find('"', from) - from));
        const bool named = index->identity.find(path) != std::string_view::npos;
        if (!named && find_asset(path)) links += ", " + preload_link(path);
    }
    return links;
}

/// Who has a session will need what is behind the doors: asked for with the page rather than after its first
/// script has run.
void announce_inside(const http::Request& request, http::Response& response) {
    if (request.cookie("brainbytes_session").empty() && request.cookie("__Host-brainbytes_session").empty())
        return;
    static const std::string links = inside_links();
    if (!links.empty()) response.header("Link", links);
}

/// The file in the best coding the client takes; 304 when it has it.
http::Response serve_file(const http::Request& request, const embedded::EmbeddedFile& file, int status) {
    http::Response response(status, std::string(file.media_type), {});
    const std::string_view accepted = request.header("accept-encoding");
    response.static_body = file.identity;
    if (!file.brotli.empty() && http::accepts_coding(accepted, "br")) {
        response.static_body = file.brotli;
        response.header("Content-Encoding", "br");
    } else if (!file.gzip.empty() && http::accepts_coding(accepted, "gzip")) {
        response.static_body = file.gzip;
        response.header("Content-Encoding", "gzip");
    }
    response.header("Vary", "Accept-Encoding");
    const bool hashed = file.path.substr(0, 8) == "/assets/";
    response.header("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
    response.header("ETag", std::string(file.etag));
    if (status == 200 && request.header("if-none-match").find(file.etag) != std::string_view::npos) {
        response.status = 304;
        response.static_body = {};
    }
    return response;
}

}  // namespace

std::string content_security_policy() {
    std::string hashes;
    const auto* index = find_asset("/index.html");
    std::string_view html = index ? index->identity : std::string_view();
    for (auto at = html.find("<script>"); at != std::string_view::npos; at = html.find("<script>", at + 1)) {
        const auto from = at + 8;
        const std::string_view script = html.substr(from, html.find("</script>", from) - from);
        hashes += " 'sha256-" + crypto::base64(crypto::sha256(script)) + "'";
    }
    return "default-src 'none'; script-src 'self'" + hashes +
           "; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src "
           "'self'; "
           "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
}

std::string stylesheet_link() {
    const auto* index = find_asset("/index.html");
    const std::string_view html = index ? index->identity : std::string_view();
    const auto from = html.find("<link rel=\"stylesheet\"");
    if (from == std::string_view::npos) return {};
    return std::string(html.substr(from, html.find('>', from) + 1 - from)) + "\n";
}

http::Response page_or_asset(const http::Request& request, const SharedAssets& others) {
    const bool reads = request.method == http::Method::get || request.method == http::Method::head;
    const bool api = request.path.compare(0, 5, "/api/") == 0;
    if (!reads || api)
        return http::problem(Error(ErrorCode::not_found, "There is nothing at this address."), request.id);
    if (request.path != "/index.html")
        if (const auto* file = find_asset(request.path)) return serve_file(request, *file, 200);
    const auto* index = find_asset("/index.html");
    const bool asset = request.path.compare(0, 8, "/assets/") == 0;
    if (asset)
        if (auto other = others.find(request.path, request.header("accept-encoding")))
            return std::move(*other);
    if (!index || asset)
        return http::problem(Error(ErrorCode::not_found, "There is nothing at this address."), request.id);
    auto page = serve_file(request, *index, is_page(request.path) ? 200 : 404);
    announce_inside(request, page);
    return page;
}

}  // namespace bb::app
