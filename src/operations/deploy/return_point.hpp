#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "operations/deploy/schema_back.hpp"

namespace bb::deploy {

/// A state of the database that "backup restore" can bring back.
struct ReturnPoint {
    Time moment{};                   ///< that it is of
    std::string by;                  ///< in words: the log, or which backup
    std::vector<std::string> words;  ///< behind "backup restore"
    std::vector<std::vector<std::string>>
        proofs;                ///< commands that change nothing, and fail when it is unusable
    std::int64_t minutes = 0;  ///< of work since then, which are lost; rounded up
};

/// What there is of before a migration took something away.
struct ReturnPoints {
    std::vector<ReturnPoint> all;      ///< what loses least first
    std::vector<std::string> lacking;  ///< why there are no others, as sentences
};

/// Looks into the backups of an installation and its log. `key`: file with the private key; empty: as
/// configured. Throws std::runtime_error.
ReturnPoints return_points(const std::filesystem::path& data, const SchemaGap& gap, const std::string& key);

/// Has `program`, which would bring it back, prove that it can. Throws std::runtime_error with the reason
/// that it cannot.
void prove(const std::filesystem::path& data, const std::filesystem::path& program, const ReturnPoint& point,
           const std::function<void()>& watch);

}  // namespace bb::deploy
