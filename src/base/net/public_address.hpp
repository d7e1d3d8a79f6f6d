#pragma once
#include <boost/asio/ip/address.hpp>

namespace bb::net {

/// Whether an address belongs to the public internet: none of IANA's special-purpose networks (private,
/// loopback, link-local, shared, documentation, multicast, reserved and others, RFC 6890), none that carries
/// an IPv4 address in an IPv6 one (mapped, NAT64, 6to4, Teredo), and none where a cloud keeps its metadata.
bool is_public(const boost::asio::ip::address& address);

}  // namespace bb::net
