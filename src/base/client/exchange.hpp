#pragma once
#include "base/client/http_client.hpp"

namespace bb::client {

/// One request on a loop of its own, for commands: waits for the reply. `ca_file`: as HttpClient's.
Reply exchange(Outgoing request, std::string ca_file = {});

}  // namespace bb::client
