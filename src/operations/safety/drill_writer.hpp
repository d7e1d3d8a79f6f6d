#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "operations/safety/drill_site.hpp"

namespace bb::safety {

/// Somebody who writes at the installation of a drill until it is damaged, and remembers what was
/// acknowledged.
class DrillWriter {
public:
    explicit DrillWriter(const DrillSite& site) : site_(site) {}

    /// Writes one row after the other. Throws std::runtime_error when one is refused.
    void write_for(std::chrono::seconds time, const std::string& cookie);

    /// What is back of it.
    struct Back {
        std::size_t rows = 0;
        double lost_seconds = 0;  ///< before `damaged` in which something was acknowledged and is gone
    };
    Back count(const std::string& cookie, Time damaged) const;
    std::size_t written() const { return acknowledged_.size(); }

private:
    const DrillSite& site_;
    std::vector<Time> acknowledged_;  // of the row with this number
};

}  // namespace bb::safety
