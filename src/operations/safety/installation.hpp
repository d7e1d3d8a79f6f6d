#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bb::safety {

/// Told how far a step is; `total` is an estimate, 0: nobody knows.
using Progress = std::function<void(std::string_view step, std::uint64_t done, std::uint64_t total)>;

/// What is backed up, and what a backup is restored into.
struct Installation {
    std::string conninfo;                         ///< of the application's role, for libpq
    std::filesystem::path data;                   ///< BRAINBYTES_DATA
    std::string secret;                           ///< the server's: opens what is sealed in the database
    std::string program;                          ///< version of this program
    std::vector<std::filesystem::path> settings;  ///< files with options that go along
    /// ($1 owner, $2 digest) gives owner and digest of the next 5,000 uploaded files that rows name, in that
    /// order.
    const char* files_sql;
    std::function<void(std::string_view)> say;  ///< sentences for the operator
    Progress progress;

    std::filesystem::path files_folder() const { return data / "files"; }
};

}  // namespace bb::safety
