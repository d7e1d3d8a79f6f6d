#pragma once
#include <optional>
#include <string>

#include "base/core/error.hpp"
#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/core/uuid.hpp"
#include "services/access/refusals.hpp"
#include "services/access/shared_limits.hpp"

namespace bb::access {

/// A limit of each person, counted by all nodes together.
class PersonLimit {
public:
    /// `name`: of BRAINBYTES_RATE_LIMITS.
    PersonLimit(SharedLimits& limits, metrics::Registry& metrics, std::string name)
        : limits_(limits), name_(std::move(name)), refused_(refusals(metrics, name_)) {}

    /// Takes a token of a person. The error (rate_limited, with `words`) when there was none.
    Task<std::optional<Error>> refuse(Uuid person, std::string words) {
        const int wait = co_await limits_.take(name_, person.text());
        if (wait == 0) co_return std::nullopt;
        refused_.add();
        Error error(ErrorCode::rate_limited, std::move(words), {}, wait);
        error.policy = name_;
        co_return error;
    }

private:
    SharedLimits& limits_;
    std::string name_;
    metrics::Counter refused_;
};

}  // namespace bb::access
