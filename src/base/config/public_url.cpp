#include "base/config/public_url.hpp"

namespace bb::config {

std::string public_url(const Config& config) {
    std::string url = config.text("BRAINBYTES_URL");
    while (url.ends_with('/')) url.pop_back();
    return url.empty() ? local_url(config) : url;
}

std::string local_url(const Config& config) {
    const bool tls = config.is_set("BRAINBYTES_TLS_CERT");
    const auto& listen = config.text("BRAINBYTES_LISTEN");
    const auto port = listen.substr(listen.rfind(':'));
    return std::string(tls ? "https" : "http") + "://localhost" +
           (port == (tls ? ":443" : ":80") ? "" : port);
}

}  // namespace bb::config
