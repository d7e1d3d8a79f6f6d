#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/blobs/stores.hpp"

namespace bb::safety {

/// Thrown into a step that nobody wants any more, as when the server stops.
class GivenUp : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Told how far a step is; `total` is an estimate, 0: nobody knows.
using Progress = std::function<void(std::string_view step, std::uint64_t done, std::uint64_t total)>;

/// What is backed up, and what a backup is restored into.
struct Installation {
    std::string conninfo;        ///< of the application's role, for libpq
    std::string wal_conninfo;    ///< of a role that may read the write-ahead log, if any may
    bool managed = false;        ///< the database is the private cluster in `data`
    std::filesystem::path data;  ///< BRAINBYTES_DATA
    std::string secret;          ///< the server's: opens what is sealed in the database
    std::string program;         ///< version of this program
    std::vector<std::pair<std::string, std::filesystem::path>>
        settings;  ///< small files that go along, by name
    /// Puts a setting of a backup where it belongs when there was no data, if nothing stands there; without
    /// it, or where it gives false, the setting is laid beside.
    std::function<bool(const std::string& name, std::string_view text)> put_setting;
    std::shared_ptr<const blobs::Stores> files;  ///< uploaded files; not null where they are looked at
    /// ($1 owner, $2 digest) gives owner and digest of the next 5,000 uploaded files that rows name, in that
    /// order.
    const char* files_sql;
    std::function<void(std::string_view)> say;  ///< sentences for the operator
    Progress progress;
    std::function<void()>
        watch;  ///< called about twice a second while a step waits; throws GivenUp to end it
};

}  // namespace bb::safety
