#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "base/core/time.hpp"

namespace bb::safety {

/// How many backups stay: the newest of each of the last days, ISO weeks and months (UTC) that have one.
struct Retention {
    int daily = 7;
    int weekly = 4;
    int monthly = 12;
};

/// What two clocks of one school may differ by. What is later than that is of a time to come: a clock was
/// wrong.
constexpr std::chrono::hours clock_tolerance{1};

/// A longer time without a backup than any schedule leaves: a clock may have jumped then.
constexpr std::chrono::days longest_pause{40};

/// For how long one stays that was made of what a restore replaced.
constexpr std::chrono::days replaced_kept{7};

/// A backup as retention looks at it.
struct Candidate {
    std::string id;
    Time created_at;
    bool whole = true;  ///< nothing is known to be wrong with it
    bool held = false;
    bool replaced = false;  ///< it is of what a restore was about to replace
};

/// What becomes of one.
struct Verdict {
    std::string id;
    bool kept;
    std::string why;  ///< "day 2 of 7 (2026-11-25), week 1 of 4 (2026-W48)"
};

/// The same for physical ones, which are kept for the seconds that begin at them: those of the last
/// `recovery_days`, and the one before. Kept as well: the newest whole one, held, damaged and future ones.
/// Days are counted back from the newest whole one that is of no time to come, not from `now`, and leave out
/// the last pause that is longer than `longest_pause`: a clock that jumps ahead removes none that is needed,
/// also when some were made by it.
std::vector<Verdict> sort_out_physical(std::vector<Candidate> backups, Time now, int recovery_days);

/// Sorts backups out, oldest first. Kept whatever their age: the newest whole one, held ones, damaged ones
/// (somebody must look), and those of a time to come, which count for nothing: a clock was wrong. Those of
/// what a restore replaced stay for `replaced_kept`, stand for no others, and are the newest only where there
/// are no others.
std::vector<Verdict> sort_out(std::vector<Candidate> backups, Time now, const Retention& retention);

}  // namespace bb::safety
