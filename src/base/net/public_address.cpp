#include "base/net/public_address.hpp"

#include "base/net/address.hpp"

namespace bb::net {
namespace {

// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry. Of IPv6 only
// 2000::/3 is given out at all, so that everything outside it is refused without being named.
constexpr const char* special_four =
    "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,"
    "192.31.196.0/24,192.52.193.0/24,192.88.99.0/24,192.168.0.0/16,192.175.48.0/24,198.18.0.0/15,"
    "198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4,"
    "168.63.129.16/32";  // what Azure serves to its machines stands among public addresses
constexpr const char* given_out_six = "2000::/3";
constexpr const char* special_six = "2001::/23,2001:db8::/32,2002::/16,2620:4f:8000::/48,3fff::/20";

}  // namespace

bool is_public(const boost::asio::ip::address& address) {
    static const NetworkList four = NetworkList::parse(special_four).value();
    static const NetworkList given_out = NetworkList::parse(given_out_six).value();
    static const NetworkList six = NetworkList::parse(special_six).value();
    if (address.is_v4()) return !four.contains(address);
    return given_out.contains(address) && !six.contains(address);
}

}  // namespace bb::net
