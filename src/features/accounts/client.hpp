#pragma once
#include <string>
#include <string_view>

#include "base/http/request.hpp"

namespace bb::accounts {

/// Where a session was begun, in the words the sessions page shows.
struct Client {
    std::string device;   // "Firefox on Windows"
    std::string network;  // as access::shorten_network gives it
    std::string request_id = "";
};

/// Names browser and system of a User-Agent; "Unknown device" when it says nothing known.
std::string describe_device(std::string_view user_agent);

Client client_of(const http::Request& request);

}  // namespace bb::accounts
