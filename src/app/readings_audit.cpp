#include "app/readings_audit.hpp"

#include <unistd.h>

#include "app/readings.hpp"
#include "base/core/log.hpp"

namespace bb::app {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::hours check_every{24};
constexpr std::int64_t entries_at_once = 10'000;
// Of the servers that run, the one that started first (its id begins with the time).
constexpr const char* others_sql =
    "SELECT EXISTS (SELECT FROM reply_nodes WHERE seen_at > now() - interval '30 seconds' "
    "AND NOT (home = $1 AND pid = $2) AND boot < coalesce((SELECT min(boot::text)::uuid FROM reply_nodes "
    "WHERE home = $1 AND pid = $2), 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))";

}  // namespace

AuditReadings::AuditReadings(metrics::Registry& metrics, std::string home)
    : home_(std::move(home)),
      whole_(metrics.gauge("brainbytes_audit_whole", "1: every entry of the audit log is as it was written")),
      age_(metrics.gauge("brainbytes_audit_check_age_seconds",
                         "Time since the audit log was last checked; NaN: not yet, or by another server")) {
    show();
}

Task<bool> AuditReadings::is_ours_to_check(db::Database& db) const {
    const auto pid = static_cast<std::int32_t>(getpid());
    const auto rows = co_await db.query(others_sql, home_, pid);
    co_return !rows[0].get<bool>(0);
}

void AuditReadings::show() {
    whole_.set(found_ ? (*found_ ? 1 : 0) : not_known);
    const auto age = std::chrono::duration<double>(steady_clock::now() - checked_at_).count();
    age_.set(found_ ? age : not_known);
}

Task<void> AuditReadings::check(db::Database& db) {
    if (!under_way_) under_way_.emplace();
    const bool done = co_await audit::verify_more(db, *under_way_, entries_at_once);
    if (!done) co_return;
    if (!under_way_->fault.empty()) log::error("the audit log is not whole", {{"reason", under_way_->fault}});
    found_ = under_way_->fault.empty();
    checked_at_ = steady_clock::now();
    under_way_.reset();
}

Task<void> AuditReadings::read(db::Database& db) {
    try {
        const bool ours = co_await is_ours_to_check(db);
        if (!ours) {
            found_.reset();
            under_way_.reset();
        } else if (under_way_ || !found_ || steady_clock::now() - checked_at_ >= check_every) {
            co_await check(db);
        }
    } catch (const db::Unavailable& away) {
        log::info("the check of the audit log waits for the database", {{"reason", away.what()}});
    } catch (const std::exception& fault) {
        under_way_.reset();
        log::warn("the audit log is not checked", {{"reason", fault.what()}});
    }
    show();
}

}  // namespace bb::app
