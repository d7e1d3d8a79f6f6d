#include "base/client/web_address.hpp"

#include <memory>

#include "base/client/easy.hpp"
#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::client {
namespace {

struct UrlCleanup {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

}  // namespace

std::optional<WebAddress> parse_web_address(const std::string& text, const std::string& base) {
    const std::unique_ptr<CURLU, UrlCleanup> url(curl_url());
    if (!url) throw std::bad_alloc();
    const auto take = [&](const std::string& one) {
        return one.find('\0') == std::string::npos &&
               curl_url_set(url.get(), CURLUPART_URL, one.c_str(),
                            CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) == CURLUE_OK;
    };
    if ((!base.empty() && !take(base)) || !take(text)) return std::nullopt;
    curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
    WebAddress address;
    address.url = part_of(url.get(), CURLUPART_URL);
    address.scheme = part_of(url.get(), CURLUPART_SCHEME);
    address.host = part_of(url.get(), CURLUPART_HOST);
    address.path = part_of(url.get(), CURLUPART_PATH);
    address.has_user =
        !part_of(url.get(), CURLUPART_USER).empty() || !part_of(url.get(), CURLUPART_PASSWORD).empty();
    address.port = parse_number<int>(part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)).value_or(0);
    if (address.host.size() > 2 && address.host.front() == '[')
        address.host = address.host.substr(1, address.host.size() - 2);
    const bool is_of_web = address.scheme == "http" || address.scheme == "https";
    if (address.url.empty() || (is_of_web && address.host.empty())) return std::nullopt;
    // A host may be written with %80, and is decoded then.
    if (!utf8::valid(address.url)) return std::nullopt;
    return address;
}

}  // namespace bb::client
