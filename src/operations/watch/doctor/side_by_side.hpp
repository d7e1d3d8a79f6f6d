#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "operations/watch/doctor/finding.hpp"

namespace bb::watch {

/// Something to look at. `look` must own, or share, all that it uses: it is left to itself when it is late.
struct Check {
    std::string name;
    std::chrono::milliseconds limit;
    std::function<void(Findings&)> look;
    std::string fix_when_late;  ///< what to do when it does not come back, or throws
};

/// What all of them have found, in their order.
struct Looked {
    std::vector<Finding> findings;
    bool all_came_back = true;  ///< else threads are left that may never end
};

/// Runs the checks at once, each on a thread of its own, and waits for none longer than its limit.
Looked look_side_by_side(const std::vector<Check>& checks);

}  // namespace bb::watch
