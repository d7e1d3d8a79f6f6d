#pragma once
#include "base/client/http_client.hpp"

namespace bb::client {

/// One request on a loop of its own, for commands: waits for the reply.
Reply exchange(Outgoing request);

}  // namespace bb::client
