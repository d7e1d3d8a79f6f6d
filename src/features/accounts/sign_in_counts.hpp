#pragma once
#include <array>
#include <string_view>

#include "base/core/metrics.hpp"

namespace bb::accounts {

/// Counts tries to sign in, by what was shown and what came of it.
class SignInCounts {
public:
    enum Outcome { succeeded, failed, limited };

    explicit SignInCounts(metrics::Registry& metrics);
    /// `method`: as the audit log calls it ("code", "recovery code", ...).
    void count(std::string_view method, Outcome outcome);

private:
    struct Method {
        std::string_view label;
        std::array<metrics::Counter, 3> outcomes;
    };
    std::array<Method, 6> methods_;
};

}  // namespace bb::accounts
