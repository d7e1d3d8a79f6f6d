#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/time.hpp"

namespace bb::deploy {

/// One step of a deployment, as it went.
struct LedgerEntry {
    Time at{};               ///< its end; its beginning, while it has none
    std::string deployment;  ///< id; empty: of the supervisor by itself
    std::string release;
    std::string step;
    std::string result;  ///< "done", "failed", "undone"; without an end "under way", "broken off"
    std::string who;     ///< account and host, or "supervisor"
    double seconds = 0;
    std::string detail;
    std::string host = {};               ///< of a stage, that the step is about; empty: all
    std::string process = {};            ///< that began it
    int schema_min = 0, schema_max = 0;  ///< of a release that was kept, where they are known
};

/// What was done to the releases of a host, one line of JSON each, appended and on the disk before the next
/// step begins. Nothing is changed or removed.
class Ledger {
public:
    explicit Ledger(std::filesystem::path file) : file_(std::move(file)) {}

    /// Notes that a step begins; its end is added with the same deployment, step and host. Throws
    /// std::system_error.
    void begin(LedgerEntry entry) const;
    /// Throws std::system_error.
    void add(LedgerEntry entry) const;
    /// The newest last; a line that a crash has cut is left out. Each step once: with its end, or without one
    /// as under way, and broken off when the process that began it is known to have ended.
    std::vector<LedgerEntry> read() const;

private:
    std::filesystem::path file_;
};

/// Whether a release was kept in service at some time.
bool has_served(const std::vector<LedgerEntry>& entries, const std::string& release);
/// The release whose deployment is the newest, and was broken off; empty: none.
std::string broken_off(const std::vector<LedgerEntry>& entries);

/// The release that was kept before `current`; empty: none. One that was gone back from is not meant: going
/// back twice goes back twice as far.
std::string release_before(const std::vector<LedgerEntry>& entries, const std::string& current);

/// Where going back again and again leads from `current`: `steps` releases at most, the nearest first.
std::vector<std::string> way_back(const std::vector<LedgerEntry>& entries, std::string current,
                                  std::size_t steps);

std::string to_json(const LedgerEntry& entry);

/// "ACCOUNT@HOST" of this process.
std::string who_we_are();

}  // namespace bb::deploy
