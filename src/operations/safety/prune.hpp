#pragma once
#include <vector>

#include "operations/safety/destination.hpp"
#include "operations/safety/retention.hpp"

namespace bb::safety {

/// Removes the backups that the retention of the place does not keep, or only says which. Oldest first.
/// `recovery_days`: as sort_out_physical() takes them.
std::vector<Verdict> prune(const Destination& at, Time now, int recovery_days, bool dry_run);

}  // namespace bb::safety
