#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/core/time.hpp"
#include "operations/watch/doctor/finding.hpp"

namespace bb::watch {

/// Everything that one look has found.
struct Report {
    Time at{};
    double seconds = 0;
    std::vector<Finding> findings;

    int count(Standing standing) const;
    /// Whether nothing fails.
    bool good() const { return count(Standing::fail) == 0; }
};

/// For people: what is well first and what fails last, next to the count, where a terminal shows it.
std::string to_text(const Report& report);

/// {"at","seconds","ok","warn","fail","skipped","checks":[{"name","result","found","fix"}]}, in the order of
/// the checks.
std::string to_json(const Report& report);

/// What to_json() wrote. Throws std::runtime_error when it is no such thing.
Report report_from(std::string_view json);

}  // namespace bb::watch
