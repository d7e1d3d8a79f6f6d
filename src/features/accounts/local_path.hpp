#pragma once
#include <string>
#include <string_view>

namespace bb::accounts {

/// `text` as an address to send a browser to after sign-in, or empty when it is no place of this site's page:
/// another host, the API, a door, or nothing that could stand in an address.
std::string local_path(std::string_view text);

}  // namespace bb::accounts
