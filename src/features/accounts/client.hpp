#pragma once
#include <string>
#include <string_view>

#include "base/http/request.hpp"

namespace bb::accounts {

/// Where a session was begun, in the words the sessions page shows.
struct Client {
    std::string device;   // "Firefox on Windows"
    std::string network;  // "203.0.113.x": enough to recognise a place, too little to find a person
};

/// Names browser and system of a User-Agent; "Unknown device" when it says nothing known.
std::string describe_device(std::string_view user_agent);

/// The first three numbers of an IPv4 address, the first three groups (/48) of an IPv6 address; empty for
/// anything else.
std::string shorten_network(std::string_view address);

Client client_of(const http::Request& request);

}  // namespace bb::accounts
