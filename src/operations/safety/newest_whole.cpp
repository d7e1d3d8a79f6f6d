#include "operations/safety/newest_whole.hpp"

#include <chrono>
#include <exception>

#include "operations/safety/installation.hpp"
#include "operations/safety/runs.hpp"

namespace bb::safety {
namespace {

constexpr std::chrono::minutes places_believed_for{10};

}  // namespace

bool NewestWhole::is_lost(const std::string& id) const {
    bool unknown = false;
    for (const auto& place : places_) {
        try {
            const auto found = place.find(id);
            if (found) return false;
            const bool elsewhere = !one_machine_ && place.store().folder();
            unknown = unknown || (elsewhere && found.error().code == ErrorCode::not_found);
        } catch (const GivenUp&) {
            throw;
        } catch (const std::exception&) {
            unknown = true;  // what it is, each backup says
        }
    }
    return !unknown;
}

std::optional<Time> NewestWhole::began(db::Session& session) {
    if (now() >= believed_until_) {
        lost_.clear();
        believed_until_ = now() + places_believed_for;
    }
    for (const auto& run : good_runs(session)) {
        const auto [known, is_new] = lost_.try_emplace(*run.backup, false);
        if (is_new) known->second = is_lost(*run.backup);
        if (!known->second) return run.started_at;
    }
    return std::nullopt;
}

}  // namespace bb::safety
