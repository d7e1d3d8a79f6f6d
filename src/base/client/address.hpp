#pragma once
#include <string>
#include <string_view>

namespace bb::client {

/// Host name of an address with a scheme, without brackets; empty when it is none.
std::string host_of(const std::string& url);
/// True for localhost and the loopback networks.
bool is_loopback(std::string_view host);

}  // namespace bb::client
