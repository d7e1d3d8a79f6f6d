#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace bb::access {

/// The network that is limited as one, of an address as Request::peer has it: an IPv4 address (as it is
/// mapped into IPv6), the first 64 bits of an IPv6 address. All zero for anything else.
std::array<std::uint8_t, 16> network_of(std::string_view address);

}  // namespace bb::access
