#include "services/secrets/rotation.hpp"

#include "base/core/log.hpp"
#include "base/net/timer.hpp"

namespace bb::secrets {
namespace {

/// Between two batches: a rotation is in no hurry, and people are.
constexpr std::chrono::milliseconds pause{5};

/// What one batch did, and where the next one begins.
struct Batch {
    Resealed outcome;
    Uuid last;
    bool more = false;
};

Task<Batch> reseal_some(db::Transaction& tx, KeyRing& keys, SealedColumn column, KeyId newest, Uuid after,
                        int limit) {
    Batch batch;
    batch.last = after;
    const auto key = parameter(newest);
    const auto rows = co_await tx.query(column.older_sql, key, after, limit);
    for (const auto& row : rows) {
        batch.last = row.get<Uuid>(0);
        const Place place{column.name, batch.last};
        auto text = co_await keys.open(place, row.get<std::string>(1));
        if (!text) {
            ++batch.outcome.unreadable;
            continue;
        }
        const auto sealed = co_await keys.seal(place, std::move(*text));
        const db::Bytes value{sealed};
        co_await tx.query(column.replace_sql, batch.last, value);
        ++batch.outcome.done;
    }
    batch.more = rows.size() == limit;
    co_return batch;
}

}  // namespace

Task<Counts> count(db::Database& db, SealedColumn column) {
    const auto rows = co_await db.query(column.count_sql);
    Counts counts;
    for (const auto& row : rows)
        if (const auto id = key_id_from(row.get<std::string_view>(0))) counts[*id] = row.get<std::int64_t>(1);
    co_return counts;
}

Task<Resealed> reseal(db::Database& db, KeyRing& keys, SealedColumn column,
                      std::function<void(const Resealed&)> on_progress, int batch) {
    const auto newest = co_await keys.newest();
    Resealed all;
    Uuid after;
    for (bool more = true; more;) {
        auto work = [&](db::Transaction& tx) -> Task<Batch> {
            return reseal_some(tx, keys, column, newest, after, batch);
        };
        const auto part = co_await db.transaction(work);
        after = part.last;
        more = part.more;
        all.done += part.outcome.done;
        all.unreadable += part.outcome.unreadable;
        if (on_progress) on_progress(all);
        if (more) co_await net::sleep_for(pause);
    }
    co_return all;
}

Task<void> keep_resealing(db::Database& db, KeyRing& keys, std::span<const SealedColumn> columns) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            for (const auto& column : columns) {
                const auto outcome = co_await reseal(db, keys, column);
                if (outcome.done > 0)
                    log::info("secrets are sealed with the newest key",
                              {{"column", column.name}, {"rows", outcome.done}});
                if (outcome.unreadable > 0)
                    log::warn("secrets cannot be opened",
                              {{"column", column.name}, {"rows", outcome.unreadable}});
            }
        } catch (const std::exception& fault) {
            log::warn("secrets keep their older keys for now", {{"reason", fault.what()}});
        }
        co_await net::sleep_for(std::chrono::hours(1));
    }
}

}  // namespace bb::secrets
