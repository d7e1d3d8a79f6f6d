#pragma once
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"

namespace bb::net {

/// Reads "127.0.0.1:3000", "[::1]:3000", "localhost:3000" (127.0.0.1) or ":3000" (every address).
/// Errors: invalid_input.
Result<boost::asio::ip::tcp::endpoint> parse_endpoint(std::string_view text);

/// Addresses and networks: "10.0.0.0/8", "127.0.0.1", "fd00::/8".
class NetworkList {
public:
    /// Reads a comma-separated list. Errors: invalid_input, with the item at fault.
    static Result<NetworkList> parse(std::string_view text);
    bool contains(const boost::asio::ip::address& address) const;
    bool empty() const { return networks_.empty(); }

private:
    struct Network {
        boost::asio::ip::address address;
        unsigned bits;
    };
    std::vector<Network> networks_;
};

}  // namespace bb::net
