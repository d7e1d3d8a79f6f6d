#include "features/accounts/privacy/retention.hpp"

#include <map>
#include <string>

#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/accounts/privacy/erasure.hpp"

namespace bb::accounts {
namespace {

constexpr const char* read_sql = "SELECT chats_months, materials_months FROM retention";
constexpr const char* lock_sql = "SELECT chats_months, materials_months FROM retention FOR UPDATE";
constexpr const char* change_sql =
    "UPDATE retention SET chats_months = $1, materials_months = $2, updated_at = now()";
constexpr int rounds_an_hour = 50;

personal::Months read(const db::Rows& rows) {
    return {rows[0].get<std::int32_t>(0), rows[0].get<std::int32_t>(1)};
}

}  // namespace

Task<personal::Months> read_retention(db::Database& db) {
    const auto rows = co_await db.query(read_sql);
    co_return read(rows);
}

std::string retention_mark(personal::Months months) {
    return http::mark_of(std::to_string(months.chats) + " " + std::to_string(months.materials));
}

Task<Result<personal::Months>> change_retention(db::Database& db, RetentionChange change,
                                                http::IfMatch condition, audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<Result<personal::Months>> {
        const auto rows = co_await tx.query(lock_sql);
        auto months = read(rows);
        if (!condition.allows(retention_mark(months))) co_return http::stale();
        months.chats = static_cast<int>(change.chats.value_or(months.chats));
        months.materials = static_cast<int>(change.materials.value_or(months.materials));
        co_await tx.query(change_sql, months.chats, months.materials);
        audit::Entry entry{origin, "retention.changed", "policy", ""};
        entry.details = JsonWriter()
                            .object()
                            .field("chatsMonths", months.chats)
                            .field("materialsMonths", months.materials)
                            .end()
                            .take();
        co_await audit::append(tx, std::move(entry));
        co_return months;
    };
    co_return co_await db.transaction(work);
}

Task<std::vector<personal::Expired>> enforce_retention(Keeping& keeping, bool dry_run) {
    const auto months = co_await read_retention(keeping.db);
    std::vector<personal::Expired> gone;
    for (auto* part : keeping.parts) {
        auto more = co_await part->expire(keeping.db, months, dry_run);
        gone.insert(gone.end(), more.begin(), more.end());
    }
    co_return gone;
}

namespace {

Task<void> enforce_all(Keeping& keeping) {
    std::map<std::string, std::int64_t> gone;
    for (int round = 0; round < rounds_an_hour; ++round) {
        const auto more = co_await enforce_retention(keeping, false);
        if (more.empty()) break;
        for (const auto& one : more) ++gone[one.kind];
    }
    if (gone.empty()) co_return;
    JsonWriter details;
    details.object();
    for (const auto& [kind, count] : gone) details.field(kind, count);
    audit::Entry entry{audit::by_operator(), "retention.enforced", "policy", ""};
    entry.details = details.end().take();
    co_await audit::record(keeping.db, std::move(entry));
}

}  // namespace

Task<void> keep_promises(Keeping& keeping) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            co_await erase_due(keeping);
        } catch (const std::exception& failure) {
            log::warn("erasures are left for later", {{"reason", failure.what()}});
        }
        try {
            co_await enforce_all(keeping);
        } catch (const std::exception& failure) {
            log::warn("retention is left for later", {{"reason", failure.what()}});
        }
        co_await net::sleep_for(std::chrono::hours(1));
    }
}

}  // namespace bb::accounts
