#include "services/access/housekeeping.hpp"

#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "services/access/idempotency.hpp"
#include "services/access/shared_limits.hpp"
#include "services/access/token_budget.hpp"

namespace bb::access {

Task<void> keep_tidy(db::Database& db) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            co_await sweep_limits(db);
            co_await sweep_idempotency_keys(db);
            co_await sweep_token_use(db);
        } catch (const std::exception& failure) {
            log::warn("old limits, keys and counts of tokens are left for later",
                      {{"reason", failure.what()}});
        }
        co_await net::sleep_for(std::chrono::hours(1));
    }
}

}  // namespace bb::access
