#pragma once
#include <string>
#include <vector>

#include "base/db/session.hpp"

namespace bb::db {

/// What a server of this process calls itself on its connections: "brainbytes-server/HOST/PROCESS". Letters,
/// digits, dots and hyphens alone, at most 63 of them: more the database cuts off.
std::string server_application();
/// What stands for HOST there, on this machine.
std::string server_host();

/// A server that is connected to a database.
struct ConnectedServer {
    std::string process, host, from;

    /// "process 4711 on host web-2 (from 10.0.0.7)"
    std::string text() const;
};
/// Those that are connected to this database now. Other programs and commands are not among them.
std::vector<ConnectedServer> servers_on(Session& session);

}  // namespace bb::db
