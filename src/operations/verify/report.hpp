#pragma once
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/json_writer.hpp"
#include "base/core/time.hpp"

namespace bb::verify {

/// One thing that was looked at.
struct Probe {
    std::string name;
    std::string result;  ///< "passed", "failed", "skipped"
    std::string answer;  ///< what was measured, or why not
    double seconds = 0;
};

/// Thrown by a probe that has nothing to look at here; what() says why.
class NotHere : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What was found, in the order in which it was looked at.
class Report {
public:
    explicit Report(std::function<void(const Probe&)> say) : say_(std::move(say)) {}

    /// Runs `work`, which gives its answer or throws; returns whether it passed.
    bool look(const std::string& name, const std::function<std::string()>& work);
    /// Takes over what another look has found, under `prefix`.
    void add(const std::string& prefix, Probe probe);

    const std::vector<Probe>& probes() const { return probes_; }
    bool passed() const;
    /// The failed ones in a sentence; empty: none.
    std::string faults() const;
    /// {"target","at","passed","probes":[{"name","result","answer","seconds"}]}
    std::string to_json(const std::string& target) const;

private:
    std::function<void(const Probe&)> say_;
    std::vector<Probe> probes_;
};

/// The probes of a report that was written by to_json(); none when it is no such thing.
std::vector<Probe> probes_of(std::string_view json);

}  // namespace bb::verify
