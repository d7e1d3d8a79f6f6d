#include "base/db/servers.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cctype>

namespace bb::db {
namespace {

constexpr const char* prefix = "brainbytes-server/";
constexpr std::size_t longest_host = 36;

constexpr const char* servers_sql =
    "SELECT split_part(application_name, '/', 2), split_part(application_name, '/', 3), "
    "min(coalesce('from ' || host(client_addr), 'on the machine of the database')) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name LIKE 'brainbytes-server/%' GROUP BY 1, 2 ORDER "
    "BY 1, 2";

}  // namespace

std::string server_host() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    std::string kept;
    for (const char c : std::string(name.data()))
        if (std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-') kept += c;
    return kept.empty() ? "unknown" : kept.substr(0, longest_host);
}

std::string server_application() {
    return fmt::format("{}{}/{}", prefix, server_host(), getpid());
}

std::string ConnectedServer::text() const {
    return fmt::format("process {} on host {} ({})", process, host, from);
}

std::vector<ConnectedServer> servers_on(Session& session) {
    std::vector<ConnectedServer> found;
    for (const auto row : session.query(servers_sql))
        found.push_back({row.get<std::string>(1), row.get<std::string>(0), row.get<std::string>(2)});
    return found;
}

}  // namespace bb::db
