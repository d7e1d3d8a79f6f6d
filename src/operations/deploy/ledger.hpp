#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/time.hpp"

namespace bb::deploy {

/// One step of a deployment, as it went.
struct LedgerEntry {
    Time at{};               ///< its end
    std::string deployment;  ///< id; empty: of the supervisor by itself
    std::string release;
    std::string step;
    std::string result;  ///< "done", "failed", "undone"
    std::string who;     ///< account and host, or "supervisor"
    double seconds = 0;
    std::string detail;
};

/// What was done to the releases of a host, one line of JSON each, appended and on the disk before the next
/// step begins. Nothing is changed or removed.
class Ledger {
public:
    explicit Ledger(std::filesystem::path file) : file_(std::move(file)) {}

    /// Throws std::system_error.
    void add(LedgerEntry entry) const;
    /// The newest last; a line that a crash has cut is left out.
    std::vector<LedgerEntry> read() const;

private:
    std::filesystem::path file_;
};

/// Whether a release was kept in service at some time.
bool has_served(const std::vector<LedgerEntry>& entries, const std::string& release);

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
