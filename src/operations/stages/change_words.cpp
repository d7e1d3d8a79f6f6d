#include "operations/stages/change_words.hpp"

#include <fmt/format.h>

namespace bb::stages {

std::vector<std::string> words_to_change(const RolloutPlan& plan, const std::string& release,
                                         const std::string& host, const std::string& lock) {
    const auto& stage = plan.stage;
    const auto& limits = stage.limits;
    std::vector<std::string> words = {"deploy",          release,  "--json", "--attended",
                                      "--by-deployment", "--lock", lock};
    if (!plan.back_up || host != stage.hosts.front()) words.emplace_back("--no-backup");
    for (const auto& one : plan.waived) words.insert(words.end(), {"--waive", one});
    const auto add = [&](const char* option, const auto& value) {
        words.insert(words.end(), {option, fmt::to_string(value)});
    };
    add("--bake", stage.bake.count());
    add("--drain", stage.drain.count());
    add("--failed-share", limits.failed_share);
    add("--refused-share", limits.refused_share);
    add("--slower-by", limits.slower_by);
    add("--least-requests", limits.least_requests);
    add("--least-timed", limits.least_timed);
    return words;
}

std::vector<std::string> words_to_go_back(const RolloutPlan& plan, const std::string& to,
                                          const std::vector<std::string>& more) {
    std::vector<std::string> words = {"rollback", "--to", to};
    words.insert(words.end(), more.begin(), more.end());
    if (plan.accepted_minutes < 0) return words;
    // Whoever changes the stage makes one backup for all of them.
    words.insert(words.end(),
                 {"--no-backup", "--together", "--accept-data-loss", std::to_string(plan.accepted_minutes)});
    return words;
}

}  // namespace bb::stages
