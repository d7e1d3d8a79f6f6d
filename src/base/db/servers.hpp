#pragma once
#include <string>
#include <vector>

#include "base/db/session.hpp"

namespace bb::db {

/// What a server of this process calls itself on its connections: "brainbytes-server/HOST/PROCESS". Letters,
/// digits, dots and hyphens alone, at most 63 of them: more the database cuts off.
std::string server_application();
/// The servers that are connected to this database now: "process 4711 on host web-2 (from 10.0.0.7)". Other
/// programs and commands are not among them.
std::vector<std::string> servers_on(Session& session);

}  // namespace bb::db
