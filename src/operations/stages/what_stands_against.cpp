#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "operations/stages/change_words.hpp"
#include "operations/stages/host.hpp"
#include "operations/stages/rollout.hpp"

namespace bb::stages {

std::string what_stands_against(const RolloutPlan& plan) {
    const auto states = look_at(plan.stage);
    must_be_well(states);
    const auto to =
        plan.release.empty() ? common_way_back(states, deploy::broken_off(plan.ledger.read())) : plan.release;
    std::mutex mutex;
    at_once(plan.stage.hosts, [&](const std::string& name) {
        const auto say = [&](std::string_view line) {
            const std::lock_guard alone(mutex);
            plan.say(name, {}, line);
        };
        const auto& state =
            *std::find_if(states.begin(), states.end(), [&](const auto& one) { return one.host == name; });
        if (plan.release.empty() && state.kept == to) return say(to + " is there; it stays");
        std::vector<std::string> words = {"--dry-run"};
        if (is_left_behind(state)) words.insert(words.end(), {"--lock", state.lock});  // would be taken over
        Host(plan.stage, name).brainbytes(words_to_go_back(plan, to, words), {.say = say});
        say(fmt::format("goes back from {} to {}", state.kept, to));
    });
    return to;
}

}  // namespace bb::stages
