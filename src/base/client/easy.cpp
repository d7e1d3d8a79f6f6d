#include "base/client/easy.hpp"

#include <arpa/inet.h>

#include <new>
#include <stdexcept>

#include "base/client/web_address.hpp"

namespace bb::client {
namespace {

void initialize_once() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) option_failed(code);
}

}  // namespace

void option_failed(CURLcode code) {
    throw std::runtime_error(curl_easy_strerror(code));
}

EasyHandle make_easy(const std::string& ca_file) {
    initialize_once();
    EasyHandle easy(curl_easy_init());
    if (!easy) throw std::bad_alloc();
    set(easy.get(), CURLOPT_NOSIGNAL, 1L);
    // A name that is still looked up when the handle goes is not waited for.
    set(easy.get(), CURLOPT_QUICK_EXIT, 1L);
    if (!ca_file.empty()) set(easy.get(), CURLOPT_CAINFO, ca_file.c_str());
    return easy;
}

void append(HeaderList& list, const std::string& line) {
    curl_slist* grown = curl_slist_append(list.get(), line.c_str());
    if (!grown) throw std::bad_alloc();
    (void)list.release();
    list.reset(grown);
}

std::string host_of(const std::string& url) {
    const auto address = parse_web_address(url);
    return address ? address->host : std::string();
}

bool is_loopback(std::string_view host) {
    in_addr four;
    if (inet_pton(AF_INET, std::string(host).c_str(), &four) == 1) return host.starts_with("127.");
    return host == "localhost" || host.ends_with(".localhost") || host == "::1";
}

}  // namespace bb::client
