#include "features/accounts/privacy/prepared.hpp"

#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/accounts/privacy/archives.hpp"
#include "services/mail/queue.hpp"
#include "services/personal/zip_writer.hpp"

namespace bb::accounts {
namespace {

#define COLUMNS "asked_at, ready_at, failed_at, bytes, digest"

constexpr const char* find_prepared_sql = "SELECT " COLUMNS " FROM archives WHERE owner_id = $1";
// The file of the one before is removed by whoever asks, once this is committed.
constexpr const char* ask_sql =
    "INSERT INTO archives AS a (owner_id) VALUES ($1) ON CONFLICT (owner_id) DO UPDATE SET asked_at = now(), "
    "begun_at = NULL, ready_at = NULL, failed_at = NULL, digest = NULL, bytes = NULL "
    "WHERE a.ready_at IS NOT NULL OR a.failed_at IS NOT NULL";
// Looked at every two minutes: whoever still makes it holds the person's lock, and the next one finds that
// out.
constexpr const char* claim_sql =
    "UPDATE archives SET begun_at = now() WHERE owner_id = $1 AND ready_at IS NULL AND failed_at IS NULL "
    "AND (begun_at IS NULL OR begun_at < now() - interval '2 minutes') RETURNING asked_at";
constexpr const char* put_back_sql =
    "UPDATE archives SET begun_at = NULL WHERE owner_id = $1 AND asked_at = $2 AND ready_at IS NULL";
constexpr const char* ready_sql =
    "UPDATE archives SET ready_at = now(), digest = $3, bytes = $4 WHERE owner_id = $1 AND asked_at = $2 "
    "AND ready_at IS NULL AND failed_at IS NULL RETURNING (SELECT language FROM users WHERE id = $1)";
constexpr const char* failed_sql =
    "UPDATE archives SET failed_at = now() WHERE owner_id = $1 AND asked_at = $2 AND ready_at IS NULL";
constexpr const char* discard_sql = "DELETE FROM archives WHERE owner_id = $1 RETURNING digest";
constexpr const char* waiting_sql =
    "SELECT owner_id FROM archives WHERE ready_at IS NULL AND failed_at IS NULL "
    "AND (begun_at IS NULL OR begun_at < now() - interval '2 minutes') ORDER BY asked_at LIMIT 20";
constexpr const char* give_up_sql =
    "UPDATE archives SET failed_at = now() WHERE ready_at IS NULL AND failed_at IS NULL "
    "AND asked_at < now() - interval '1 day'";
constexpr const char* expired_sql = "SELECT owner_id FROM archives WHERE ready_at < $1 LIMIT 100";

Prepared read_prepared(const db::Row& row) {
    Prepared one;
    one.asked_at = row.get<Time>(0);
    one.ready_at = row.get<std::optional<Time>>(1);
    one.state = one.ready_at ? "ready" : row.is_null(2) ? "making" : "failed";
    one.bytes = row.get<std::optional<std::int64_t>>(3);
    if (one.ready_at) one.until = *one.ready_at + archive_kept;
    return one;
}

/// Notes that the archive lies ready and queues the mail that says so; false when nobody waits for it any
/// more.
Task<bool> announce(db::Database& db, UserId owner, Time asked, crypto::Digest digest, std::int64_t bytes) {
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        const auto rows = co_await tx.query(ready_sql, owner, asked, digest, bytes);
        if (rows.empty()) co_return false;
        mail::Notice notice{owner.value, std::nullopt, "archive_ready", rows[0].get<std::string>(0)};
        notice.payload = JsonWriter().object().field("at", now() + archive_kept).end().take();
        co_await mail::enqueue(tx, std::move(notice));
        co_return true;
    };
    co_return co_await db.transaction(work);
}

/// Makes the archive that was asked for at `asked`. False: to be tried again later.
Task<bool> make_claimed(Keeping& keeping, UserId owner, Time asked) {
    auto create = [&keeping] {
        return personal::nameless_file(keeping.folder);
    };
    const auto file = co_await keeping.pool.run(std::move(create));
    audit::Origin origin;
    origin.person = owner.value;
    const auto made = co_await export_person(keeping, owner, *file, origin);
    if (!made) {
        if (made.error().code != ErrorCode::not_found) co_return false;
        co_await keeping.db.query(failed_sql, owner, asked);
        co_return true;
    }
    const auto bytes = static_cast<std::int64_t>(personal::size_of(*file));
    const auto digest = co_await keeping.files.put_until(owner.value, file, now() + archive_kept);
    if (!co_await announce(keeping.db, owner, asked, digest, bytes))
        co_await keeping.files.remove(owner.value, digest);
    co_return true;
}

Task<void> make_waiting(Keeping& keeping) {
    const auto waiting = co_await keeping.db.query(waiting_sql);
    for (const auto row : waiting) co_await make_prepared(keeping, row.get<UserId>(0));
    co_await keeping.db.query(give_up_sql);
    const auto expired = co_await keeping.db.query(expired_sql, now() - archive_kept);
    for (const auto row : expired) co_await discard_prepared(keeping, row.get<UserId>(0));
}

}  // namespace

Task<std::optional<Prepared>> prepared_of(db::Database& db, UserId owner) {
    const auto rows = co_await db.query(find_prepared_sql, owner);
    if (rows.empty()) co_return std::nullopt;
    co_return read_prepared(rows[0]);
}

Task<Prepared> ask_for_archive(Keeping& keeping, UserId owner, audit::Origin origin) {
    std::optional<crypto::Digest> former;
    auto work = [&](db::Transaction& tx) -> Task<Prepared> {
        const auto before = co_await tx.query(find_prepared_sql, owner);
        former = before.empty() ? std::nullopt : before[0].get<std::optional<crypto::Digest>>(4);
        const auto asked = co_await tx.query(ask_sql, owner);
        if (asked.affected() > 0) {
            audit::Entry entry{origin, "data.export_asked", "person", owner.text()};
            co_await audit::append(tx, std::move(entry));
        }
        const auto rows = co_await tx.query(find_prepared_sql, owner);
        co_return read_prepared(rows[0]);
    };
    auto prepared = co_await keeping.db.transaction(work);
    if (former) co_await keeping.files.remove(owner.value, *former);
    co_return prepared;
}

Task<std::optional<http::FileBody>> open_prepared(Keeping& keeping, UserId owner, std::string request) {
    const auto rows = co_await keeping.db.query(find_prepared_sql, owner);
    const auto digest = rows.empty() ? std::nullopt : rows[0].get<std::optional<crypto::Digest>>(4);
    if (!digest) co_return std::nullopt;
    co_return co_await keeping.files.open(owner.value, *digest, std::move(request));
}

Task<void> discard_prepared(Keeping& keeping, UserId owner) {
    const auto rows = co_await keeping.db.query(discard_sql, owner);
    const auto digest = rows.empty() ? std::nullopt : rows[0].get<std::optional<crypto::Digest>>(0);
    if (digest) co_await keeping.files.remove(owner.value, *digest);
}

Task<void> make_prepared(Keeping& keeping, UserId owner, std::string request) {
    try {
        const auto rows = co_await keeping.db.query(claim_sql, owner);
        if (rows.empty()) co_return;
        const auto asked = rows[0].get<Time>(0);
        if (!co_await make_claimed(keeping, owner, asked))
            co_await keeping.db.query(put_back_sql, owner, asked);
    } catch (const std::exception& failure) {
        // It stays claimed for a moment: what failed here may well fail again.
        log::warn("an archive is left for later", {{"request", request}, {"reason", failure.what()}});
    }
}

Task<void> keep_preparing(Keeping& keeping) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            co_await make_waiting(keeping);
        } catch (const std::exception& failure) {
            log::warn("archives are left for later", {{"reason", failure.what()}});
        }
        co_await net::sleep_for(std::chrono::minutes(1));
    }
}

}  // namespace bb::accounts
