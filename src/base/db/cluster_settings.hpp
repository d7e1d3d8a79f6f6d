#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace bb::db {

/// What the private cluster may count on.
struct Machine {
    std::uint64_t memory_mib;  ///< of the machine, or of the container if that is less
    int cores;
};

/// Reads /proc/meminfo and the memory limit of the control group.
Machine this_machine();

/// postgresql.conf for a cluster that shares `machine` with the server. `sockets` is the folder of its
/// socket. `statements`: pg_stat_statements is installed.
std::string cluster_conf(const Machine& machine, const std::filesystem::path& sockets,
                         bool statements = false);
/// pg_hba.conf: only over the socket, only the account that owns the files (peer), mapped by cluster_ident().
std::string cluster_hba();
/// pg_ident.conf: lets the account `user` and root in as the application and as the superuser.
std::string cluster_ident(const std::string& user);

/// Names inside the private cluster.
inline constexpr const char* cluster_superuser = "postgres";
inline constexpr const char* cluster_role = "brainbytes";
inline constexpr const char* cluster_database = "brainbytes";

}  // namespace bb::db
