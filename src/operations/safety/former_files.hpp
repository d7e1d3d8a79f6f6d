#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "operations/safety/installation.hpp"

namespace bb::safety {

/// Uploaded files that databases name which are about to be dropped.
struct FormerFiles {
    std::set<blobs::Stored> named;
    std::vector<std::string> unread;  ///< databases that do not tell; their files go in 30 days by themselves
};
FormerFiles files_named_in(const Installation& at, const std::vector<std::string>& databases);

/// What release_files() did.
struct ReleasedFiles {
    std::uint64_t erased = 0;
    std::uint64_t left = 0;  ///< that were stored within the last hour, or that a place did not let go
};

/// Erases those of the files that nothing else names: neither the live database nor one of `kept`. One that
/// somebody may be storing again at this moment is left to the server. When any of these databases cannot be
/// read nothing is erased. Throws db::SqlError, db::Unavailable.
ReleasedFiles release_files(const Installation& at, std::set<blobs::Stored> files,
                            const std::vector<std::string>& kept);

}  // namespace bb::safety
