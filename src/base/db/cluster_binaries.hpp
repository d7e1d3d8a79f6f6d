#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bb::db {

/// One installed PostgreSQL: its major version and the folder of `postgres` and `initdb`.
struct Binaries {
    int major;
    std::filesystem::path folder;
};

/// Oldest PostgreSQL that the migrations are written for.
inline constexpr int oldest_major = 15;

/// Every PostgreSQL server of this machine, newest first: Debian's and PGDG's folders, PATH, pg_config.
std::vector<Binaries> installed_binaries();
/// The one to use for a cluster made by `major` (nullopt: a new cluster). Throws std::runtime_error with a
/// sentence that says what to install or do; `folder` is named in it.
Binaries choose_binaries(const std::vector<Binaries>& installed, std::optional<int> major,
                         const std::filesystem::path& folder);
/// Whether the library of pg_stat_statements lies where this PostgreSQL looks for it: without it a cluster
/// that loads it does not start.
bool has_statements(const Binaries& binaries);
/// Major version that made the cluster in `folder`, or nullopt when there is none.
std::optional<int> cluster_major(const std::filesystem::path& folder);

}  // namespace bb::db
