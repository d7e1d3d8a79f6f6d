#include "services/fetch/guard.hpp"

#include "base/net/public_address.hpp"

namespace bb::fetch {
namespace {

bool is_usual(int port) {
    return port == 80 || port == 443;
}

Error refused(const char* words) {
    return Error(ErrorCode::invalid_input, words);
}

Error no_address(const char* words) {
    return Error(ErrorCode::malformed, words);
}

}  // namespace

bool Guard::allows(const boost::asio::ip::address& address, int port) const {
    return also_.contains(address) || (is_usual(port) && net::is_public(address));
}

Result<client::WebAddress> Guard::check(const std::string& text, const std::string& base) const {
    if (text.size() > longest_address) return no_address("must have at most 2000 characters");
    auto address = client::parse_web_address(text, base);
    if (!address || address->url.size() > longest_address)
        return no_address("must be the address of a web page");
    if (address->scheme != "http" && address->scheme != "https")
        return refused("must begin with https:// or http://");
    if (address->has_user) return refused("must not hold a user name or password");
    if (also_.empty() && !is_usual(address->port))
        return refused("must not name a port other than 80 and 443");
    boost::system::error_code is_name;
    const auto number = boost::asio::ip::make_address(address->host, is_name);
    if (!is_name && !allows(number, address->port))
        return refused("must lead to a page of the public internet");
    return std::move(*address);
}

}  // namespace bb::fetch
