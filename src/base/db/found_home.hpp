#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/config/config.hpp"

namespace bb::db {

/// The private PostgreSQL of a data folder, running and taking connections.
struct FoundCluster {
    int pid;
    std::string conninfo;            ///< for libpq, as the application's role in its own database
    std::string superuser_conninfo;  ///< the same as the superuser
};
/// The one of `data`, as it is; nothing: it is down, starting or stopping. Makes and starts nothing.
std::optional<FoundCluster> find_cluster(const std::filesystem::path& data);

/// The data folder that Home::open() would use. Makes nothing.
std::filesystem::path data_folder(const config::Config& config);
/// Makes the folder of BRAINBYTES_DATA where it is missing, and lets Home::open() know it for ours where it
/// is empty: before something else is put into it, by whoever this process runs as.
void mark_data_folder(const config::Config& config);

/// The data folder and the database of an installation, for who only looks.
struct FoundHome {
    std::filesystem::path data;      ///< that Home::open() would use
    bool managed = false;            ///< the database is the private cluster
    std::string conninfo;            ///< for libpq; empty: the private cluster does not run
    std::string superuser_conninfo;  ///< for what the application's role may not see, or the same
    int server_process = 0;          ///< that holds the data folder; 0: none
};
/// Looks without making, giving away, starting or connecting to anything. Throws Unavailable when
/// DATABASE_URL cannot be read.
FoundHome find_home(const config::Config& config);

}  // namespace bb::db
