#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/core/time.hpp"
#include "base/core/uuid.hpp"
#include "base/db/database.hpp"

namespace bb::access {

/// What BRAINBYTES_QUOTAS allows of the language model in a day (UTC), in tokens; 0: without a limit.
struct TokenQuotas {
    std::int64_t person = 0;
    std::int64_t school = 0;
};

/// Reads "person-tokens=500000,school-tokens=0". Nullopt when it is not of that form.
std::optional<TokenQuotas> parse_quotas(std::string_view text);

/// How a person stands today.
struct TokenStanding {
    std::int64_t used = 0;   // reserved ones included
    std::int64_t limit = 0;  // 0: none
    Time resets_at;
};

/// What all people together used on a day.
struct DayOfTokens {
    std::string day;  // "2026-01-31"
    std::int64_t tokens = 0;
};

/// What all people together used: each of the last days, oldest first, and how they stand today, the last
/// one.
struct SchoolUse {
    std::vector<DayOfTokens> days;
    TokenStanding today;
};

/// What a person used.
struct PersonTokens {
    std::int64_t today = 0;
    std::int64_t month = 0;  // the last 30 days, today among them
};

/// Counts the tokens that people have a language model read and write, by day. What a call may cost is
/// reserved before it and settled after it; what was reserved by a process that died stays counted. One per
/// loop; the counts are shared by all nodes. The limit of the school may be passed by what is reserved in the
/// same moment.
class TokenBudget {
public:
    /// A reservation; gives back what is not settled. Must not outlive its budget.
    class Reservation {
    public:
        Reservation() = default;
        Reservation(TokenBudget& budget, Uuid owner, std::chrono::sys_days day, std::int64_t tokens,
                    std::string request = {})
            : budget_(&budget), owner_(owner), day_(day), tokens_(tokens), request_(std::move(request)) {}
        Reservation(Reservation&& other) noexcept;
        Reservation& operator=(Reservation&& other) noexcept;
        ~Reservation();
        /// Replaces what was reserved by what was used. The first call counts.
        void settle(std::int64_t used);

    private:
        TokenBudget* budget_ = nullptr;
        Uuid owner_;
        std::chrono::sys_days day_;
        std::int64_t tokens_ = 0;
        std::string request_;
    };

    using Clock = Time (*)();
    TokenBudget(Executor executor, db::Database& db, TokenQuotas quotas, Clock clock = now)
        : executor_(executor), db_(db), quotas_(quotas), clock_(clock) {}
    TokenBudget(const TokenBudget&) = delete;

    /// Errors: rate_limited, with what is left and when the day ends. Asks the database only near a limit:
    /// else the count is sent behind the answer. `request`: the id of who asks, for the log.
    Task<Result<Reservation>> reserve(Uuid owner, std::int64_t tokens, std::string request = {});
    /// Counts what was used without a reservation, e.g. for a title.
    void add(Uuid owner, std::int64_t tokens, std::string request = {});
    Task<TokenStanding> standing(Uuid owner);

    /// Of the people who have an account. `days` is at least 1.
    Task<SchoolUse> school_use(int days);
    /// Who used nothing is not in it.
    Task<std::unordered_map<Uuid, PersonTokens>> use_of(std::vector<Uuid> people);
    const TokenQuotas& quotas() const { return quotas_; }

private:
    struct Known {
        std::chrono::sys_days day;
        std::int64_t person = 0;  // with what this loop has added since
        std::int64_t school = 0;
        Time seen;
    };

    Task<void> count(Uuid owner, std::chrono::sys_days day, std::int64_t tokens, std::string request);
    bool far_from_limits(Uuid owner, std::chrono::sys_days today, std::int64_t tokens);
    void remember(Uuid owner, Known known);
    Error refusal(const Known& known, std::int64_t tokens) const;

    Executor executor_;
    db::Database& db_;
    TokenQuotas quotas_;
    Clock clock_;
    std::unordered_map<Uuid, Known> known_;
};

/// Forgets days of more than 13 months ago.
Task<void> sweep_token_use(db::Database& db);

}  // namespace bb::access
