#include "operations/safety/prune.hpp"

#include <algorithm>

#include "operations/safety/recovery_window.hpp"

namespace bb::safety {

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
        Candidate candidate{one.id, one.manifest ? one.manifest->created_at : Time{},
                            one.manifest.has_value(), one.held};
        (one.manifest && one.manifest->wal ? physical : logical).push_back(std::move(candidate));
    }
    auto verdicts = sort_out(std::move(logical), now, at.retention());
    for (auto& one : sort_out_physical(std::move(physical), now, recovery_days))
        verdicts.push_back(std::move(one));
    std::sort(verdicts.begin(), verdicts.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    std::vector<StoredBackup> kept;
    for (const auto& one : backups) {
        const auto verdict = std::lower_bound(verdicts.begin(), verdicts.end(), one.id,
                                              [](const auto& a, const auto& id) { return a.id < id; });
        if (verdict->kept)
            kept.push_back(one);
        else if (!dry_run)
            at.remove(one);
    }
    prune_wal(at, kept, dry_run);
    return verdicts;
}

}  // namespace bb::safety
