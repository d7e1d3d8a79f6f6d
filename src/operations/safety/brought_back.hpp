#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/core/time.hpp"
#include "base/db/session.hpp"

namespace bb::safety {

/// What a restore says that it has brought back.
struct BroughtBack {
    Time of;
    std::int64_t rows = 0;
    std::optional<Time> newest_row;  ///< nothing: the backup does not tell
    std::size_t missing_files = 0;
};

/// Out of what "backup restore --json" prints.
BroughtBack read_brought_back(const std::string& json);

/// Counts the rows of a database in which nobody but that restore has written since `begun`, looks for the
/// newest of them, and returns it in words. Throws std::runtime_error with a sentence when it is not what the
/// restore says.
std::string check_brought_back(db::Session& session, const BroughtBack& told, Time begun);

}  // namespace bb::safety
