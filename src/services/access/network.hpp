#pragma once
#include <string>
#include <string_view>

namespace bb::access {

/// The first three numbers of an IPv4 address, the first three groups (/48) of an IPv6 address: enough to
/// recognise a place, too little to find a person. Empty for anything else.
std::string shorten_network(std::string_view address);

}  // namespace bb::access
