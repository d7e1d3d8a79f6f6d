#include "operations/deploy/hooks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "operations/safety/running_tool.hpp"

namespace bb::deploy {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::minutes longest_hook{30};

}  // namespace

const std::vector<std::string>& steps_of_host() {
    static const std::vector<std::string> steps = {"backup", "migrate",    "rest",   "schema", "restore",
                                                   "start",  "smoke-test", "switch", "bake",   "keep"};
    return steps;
}

const std::vector<std::string>& steps_of_stage() {
    static const std::vector<std::string> steps = {"check",  "lock",     "deploy",   "install", "host",
                                                   "verify", "rollback", "put-back", "prune",   "unlock"};
    return steps;
}

std::vector<std::string> hook_names_of(const std::vector<std::string>& steps) {
    std::vector<std::string> names;
    for (const auto& step : steps)
        for (const auto* side : {"before", "after"}) names.push_back(hook_name(side, step));
    return names;
}

std::string hook_name(const std::string& side, std::string step) {
    std::replace(step.begin(), step.end(), ' ', '-');
    return side + "-" + step;
}

void run_hook(const Hooks& hooks, const std::string& name, const std::vector<std::string>& environment,
              const std::function<void()>& watch, const std::filesystem::path& folder) {
    const auto found = hooks.find(name);
    if (found == hooks.end()) return;
    const auto deadline = steady_clock::now() + longest_hook;
    const auto look = [&]() {
        watch();
        if (steady_clock::now() > deadline) throw std::runtime_error("it does not end");
    };
    try {
        safety::output_of({"/bin/sh", "-c", found->second}, environment, look, folder);
    } catch (const std::exception& fault) {
        throw std::runtime_error(fmt::format("the hook {} failed: {}", name, fault.what()));
    }
}

}  // namespace bb::deploy
