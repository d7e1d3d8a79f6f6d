#include "operations/safety/prune.hpp"

#include <map>
#include <string>
#include <utility>

#include "operations/safety/recovery_window.hpp"

namespace bb::safety {
namespace {

Candidate candidate_of(const StoredBackup& backup) {
    Candidate candidate{backup.id, {}, backup.manifest.has_value(), backup.held};
    if (!backup.manifest) return candidate;
    candidate.created_at = backup.manifest->created_at;
    candidate.replaced = backup.manifest->reason == before_restore;
    return candidate;
}

}  // namespace

std::vector<Verdict> prune(const Destination& at, Time now, int recovery_days, bool dry_run) {
    std::unique_ptr<Store::Lock> lock;
    if (!dry_run) {
        at.prepare();
        lock = at.lock();
        at.remove_unfinished();
    }
    const auto backups = at.list();
    std::vector<Candidate> logical, physical;
    for (const auto& one : backups) {
        auto candidate = candidate_of(one);
        (one.manifest && one.manifest->wal ? physical : logical).push_back(std::move(candidate));
    }
    std::map<std::string, Verdict> of;
    for (auto& one : sort_out(std::move(logical), now, at.retention())) of.emplace(one.id, std::move(one));
    for (auto& one : sort_out_physical(std::move(physical), now, recovery_days))
        of.emplace(one.id, std::move(one));
    std::vector<Verdict> verdicts;
    std::vector<StoredBackup> kept;
    for (const auto& one : backups) {
        verdicts.push_back(of.at(one.id));
        if (verdicts.back().kept)
            kept.push_back(one);
        else if (!dry_run)
            at.remove(one);
    }
    prune_wal(at, kept, dry_run);
    return verdicts;
}

}  // namespace bb::safety
