#include "operations/dns/failover.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bb::dns {

Verdict Failover::look(const Sight& sight) {
    count(sight);
    return sight.record == Place::primary ? at_primary(sight) : at_secondary(sight);
}

void Failover::count(const Sight& sight) {
    // Whoever moved it by hand gets the full number of looks from then on.
    if (first_ || sight.record != place_) failed_ = well_ = 0;
    first_ = false;
    place_ = sight.record;
    failed_before_ = failed_;
    failed_ = sight.primary.well ? 0 : failed_ + 1;
    well_ = sight.primary.well ? well_ + 1 : 0;
}

Verdict Failover::at_primary(const Sight& sight) {
    pending_ = failed_ > 0 && failed_ < rules_.fails;
    if (failed_ == 0) return failed_before_ > 0 ? say("the primary answers well again") : say("");
    const auto failing = fmt::format("the primary failed {} of {} looks in a row ({})",
                                     std::min(failed_, rules_.fails), rules_.fails, sight.primary.detail);
    if (failed_ < rules_.fails) return say(failing);
    if (!sight.secondary.well)
        return say(fmt::format("{}, but the secondary does not answer well either ({}): nothing is moved",
                               failing, sight.secondary.detail));
    return {Step::to_secondary, fmt::format("{}, and the secondary answers well", failing)};
}

Verdict Failover::at_secondary(const Sight& sight) {
    const int returns = returns_within(sight.at);
    const int needed = rules_.fails << std::min(returns, 10);
    pending_ = rules_.back && well_ > 0 && well_ < needed;
    if (well_ == 0) {
        if (sight.secondary.well) return say("");
        return say(fmt::format("neither answers well: the primary ({}), the secondary ({})",
                               sight.primary.detail, sight.secondary.detail));
    }
    if (well_ < needed)
        return say(rules_.back ? fmt::format("the primary was well at {} of {} looks in a row", well_, needed)
                               : std::string());
    const auto well = fmt::format("the primary was well at {} looks in a row", needed);
    if (!rules_.back) return say(well + ": go back by hand, or with --back");
    if (returns >= rules_.most_returns && sight.secondary.well)
        return say(fmt::format(
            "{}, but the record went back {} times within {} minutes: it stays at the "
            "secondary while that answers well",
            well, returns, std::chrono::duration_cast<std::chrono::minutes>(rules_.window).count()));
    return {Step::to_primary, well};
}

void Failover::moved(Step step, std::chrono::seconds at) {
    if (step == Step::to_primary) returns_.push_back(at);
    place_ = step == Step::to_primary ? Place::primary : Place::secondary;
    failed_ = well_ = 0;
    said_.clear();
}

Verdict Failover::say(std::string why) {
    if (why == said_) return {};
    said_ = why;
    return {Step::stay, std::move(why)};
}

int Failover::returns_within(std::chrono::seconds at) const {
    return static_cast<int>(std::count_if(returns_.begin(), returns_.end(), [&](std::chrono::seconds one) {
        return at - one < rules_.window;
    }));
}

}  // namespace bb::dns
