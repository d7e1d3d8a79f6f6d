#pragma once
#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include "operations/stages/rollout.hpp"

namespace bb::stages {

/// Seconds since then.
double since(std::chrono::steady_clock::time_point start);

/// What one change of a stage does, as it goes: told, and in the ledger; with the hooks of the stage.
class Journal {
public:
    Journal(const RolloutPlan& plan, std::string what);

    const std::string& id() const { return id_; }
    /// What is brought or gone back to; the plan's, until it is known better.
    std::string release;
    /// Its schema, where it is known: stands in the ledger once it is kept.
    int schema_min = 0, schema_max = 0;

    /// A step of the whole stage, or of one host, with the hooks around it. Its failure is noted and thrown.
    void step(const std::string& host, const std::string& name, const std::function<std::string()>& work);
    void begin(const std::string& host, const std::string& name);
    /// The end of what has begun, or both.
    void note(const std::string& host, const std::string& name, const std::string& result, double seconds,
              const std::string& detail);
    /// The end of the whole.
    void end(bool kept, const std::string& reason);
    /// That the host serves the release already, with how it was watched, where that is known.
    std::string served_already(const std::string& host) const;
    void tell(const std::string& host, std::string_view line);

    /// Runs the hook of a step here, if the stage has one, unless a host takes the step. Throws
    /// std::runtime_error.
    void hook(const std::string& side, const std::string& step, const std::string& host = {}) const;
    /// The same; its failure is told, and stops nothing.
    void try_hook(const std::string& side, const std::string& step, const std::string& host = {});
    /// Runs one on a host, as the account that the data belongs to.
    void hook_at(const std::string& host, const std::string& name) const;
    /// The hooks that a host runs itself, as words of its command.
    std::vector<std::string> hooks_for(const std::string& host) const;

private:
    std::string variables(const std::string& host) const;
    std::vector<std::string> environment(const std::string& host) const;

    const RolloutPlan& plan_;
    const std::string what_;  // "deploy" or "rollback"
    const std::string id_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::mutex mutex_;  // of `say` and the ledger
};

}  // namespace bb::stages
