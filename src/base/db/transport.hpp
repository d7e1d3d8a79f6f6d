#pragma once
#include <string>

namespace bb::db {

/// `conninfo` as it is to be used: a database on another machine is spoken to over TLS with its certificate
/// and name checked (sslmode=verify-full, the system's authorities), unless `conninfo` or PGSSLMODE says what
/// is wanted. Throws Unavailable when libpq cannot read it.
std::string with_verified_tls(std::string conninfo);

/// `conninfo` as it is to be used: a connection to another machine from which nothing comes any more ends
/// within about half a minute (tcp_user_timeout, keepalives), however long a blocking call would have waited.
/// What `conninfo` says of it itself stays. Throws Unavailable when libpq cannot read it.
std::string with_bounded_silence(std::string conninfo);

/// A sentence when `conninfo` lets a network read or change what is sent to another machine; empty when not.
std::string transport_warning(const std::string& conninfo);

}  // namespace bb::db
