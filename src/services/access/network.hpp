#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bb::access {

/// The network that is limited as one, of an address as Request::peer has it: an IPv4 address (as it is
/// mapped into IPv6), the first 64 bits of an IPv6 address. All zero for anything else.
std::array<std::uint8_t, 16> network_of(std::string_view address);

/// The first three numbers of an IPv4 address, the first three groups (/48) of an IPv6 address: enough to
/// recognise a place, too little to find a person. Empty for anything else.
std::string shorten_network(std::string_view address);

}  // namespace bb::access
