#include "operations/safety/prune.hpp"

namespace bb::safety {

std::vector<Verdict> prune(const Destination& at, Time now, bool dry_run) {
    std::unique_ptr<Store::Lock> lock;
    if (!dry_run) {
        at.prepare();
        lock = at.lock();
        at.remove_unfinished();
    }
    const auto backups = at.list();
    std::vector<Candidate> candidates;
    for (const auto& one : backups)
        candidates.push_back(Candidate{one.id, one.manifest ? one.manifest->created_at : Time{},
                                       one.manifest.has_value(), one.held});
    auto verdicts = sort_out(std::move(candidates), now, at.retention());
    for (const auto& verdict : verdicts) {
        if (verdict.kept || dry_run) continue;
        for (const auto& one : backups)
            if (one.id == verdict.id) at.remove(one);
    }
    return verdicts;
}

}  // namespace bb::safety
