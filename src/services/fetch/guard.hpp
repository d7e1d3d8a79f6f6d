#pragma once
#include <boost/asio/ip/address.hpp>
#include <string>

#include "base/client/web_address.hpp"
#include "base/core/error.hpp"
#include "base/net/address.hpp"

namespace bb::fetch {

inline constexpr std::size_t longest_address = 2000;  ///< bytes

/// Where this server fetches from for people: http and https to the public internet on the usual ports, and
/// whatever an operator allows besides. Without it a person could have the server read what only it can reach
/// (server-side request forgery).
class Guard {
public:
    /// `also`: networks that are allowed besides, on every port.
    explicit Guard(net::NetworkList also = {}) : also_(std::move(also)) {}

    /// Whether a connection may be made. Of names only this tells, with what they turn out to mean.
    bool allows(const boost::asio::ip::address& address, int port) const;
    /// What an address says of itself, before anything is looked up; relative to `base`, if that is not
    /// empty. Errors: malformed for what is no address or too long for one, invalid_input; each with a
    /// sentence's end ("must ...").
    Result<client::WebAddress> check(const std::string& text, const std::string& base = {}) const;

private:
    net::NetworkList also_;
};

}  // namespace bb::fetch
