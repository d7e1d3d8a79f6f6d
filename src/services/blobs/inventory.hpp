#pragma once
#include <functional>
#include <string>
#include <vector>

#include "services/blobs/file_store.hpp"

namespace bb::blobs {

/// Told how many bytes of how many were read.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Something that is not as it should be.
struct Finding {
    enum class Kind { missing, changed, no_key, orphan };
    Kind kind;
    Stored file;
    std::string place;  ///< Store::name(); empty: in none
};
/// "missing", "changed", "no key", "orphan".
std::string_view word_of(Finding::Kind kind);

/// An upload into a store that has not ended.
struct Leftover {
    Store::Unfinished upload;
    std::string place;  ///< Store::name()
};

/// At most so many findings, and leftovers, are named; all are counted.
inline constexpr std::size_t most_findings = 10'000;

struct Inventory {
    std::uint64_t files = 0;    ///< that rows name
    std::uint64_t bytes = 0;    ///< that were read, as they lie there
    std::uint64_t waiting = 0;  ///< discarded, until they are erased
    std::uint64_t faults = 0;
    std::vector<Finding> findings;
    std::uint64_t unfinished = 0;  ///< uploads in parts that are under way, or broke off; no faults
    std::vector<Leftover> leftovers;
};

/// Reads every file that rows name to its end in each store that has it: missing (in none), changed (not
/// what was stored), no key (the server's secret does not open it); and finds orphans, stored an hour ago or
/// earlier, that no row names, and what uploads have left unfinished. `files_sql`: as safety::Installation
/// has it. Throws as Store, and db::Error.
Task<Inventory> verify_files(db::Database& db, FileStore& files, const char* files_sql, Progress progress);

struct MoveWords {
    bool dry_run = false;
    bool remove = false;  ///< from where they were, each after it was read in the new place
};

struct Moved {
    std::uint64_t copied = 0;   ///< with dry_run: that would be
    std::uint64_t present = 0;  ///< that were there already, whole
    std::uint64_t removed = 0;  ///< from where they were
    std::uint64_t bytes = 0;    ///< that were copied
    std::uint64_t waiting = 0;  ///< discarded files where they were: they are erased there in their time
    std::uint64_t faults = 0;   ///< that could not be moved
    std::vector<Finding> findings;
};

/// Copies files that rows name from the other stores into the current one as they are sealed, and reads each
/// there to its end; what is there already is read, and not copied. It may be broken off at any time and
/// begun again. Throws like verify_files(); `moved` says what was done until then.
Task<void> move_files(db::Database& db, FileStore& files, const char* files_sql, MoveWords words,
                      Moved& moved, Progress progress);

}  // namespace bb::blobs
