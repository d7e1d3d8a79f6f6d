#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bb::safety {

/// Path of one of PostgreSQL's own programs ("pg_dump") of at least the server's major version. Throws
/// std::runtime_error with a sentence that says what to install.
std::string tool_path(std::string_view program, int server_major);

/// A database as PostgreSQL's programs are told of it: the password stands apart, never on a command line.
struct ToolConnection {
    std::string conninfo;
    std::vector<std::string> environment;  ///< "PGPASSWORD=...", or nothing
};

/// The database of `conninfo`, or another of the same server.
ToolConnection for_tools(const std::string& conninfo, std::string_view database = {});
/// The same server and account for libpq, another database.
std::string with_database(const std::string& conninfo, std::string_view database);
/// The same server for libpq, as another role.
std::string with_role(const std::string& conninfo, std::string_view role);

}  // namespace bb::safety
