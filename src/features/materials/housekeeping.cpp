#include "features/materials/housekeeping.hpp"

#include <algorithm>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/materials/index/indexer.hpp"
#include "features/materials/sharing/copying.hpp"
#include "features/materials/sharing/sharing.hpp"
#include "services/jobs/queue.hpp"

namespace bb::materials {
namespace {

constexpr std::size_t batch = 1'000;

// Entries and files leave the index when they are deleted; those of a deleted material are still in it.
constexpr const char* indexed_sql =
    "SELECT s.owner_id, s.entry_id, s.file_id FROM sources s "
    "JOIN materials m ON m.owner_id = s.owner_id AND m.id = s.material_id WHERE m.deleted_at < $1 LIMIT 1000";
constexpr const char* purge_entries_sql = "DELETE FROM entries WHERE deleted_at < $1";
constexpr const char* purge_files_sql = "DELETE FROM files WHERE deleted_at < $1";
constexpr const char* purge_materials_sql =
    "DELETE FROM materials m WHERE deleted_at < $1 AND NOT EXISTS "
    "(SELECT 1 FROM sources s WHERE s.owner_id = m.owner_id AND s.material_id = m.id)";
constexpr const char* orphans_sql =
    "SELECT n::int FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS stored (owner_id, digest, n) "
    "WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.owner_id = stored.owner_id "
    "                  AND f.digest = decode(stored.digest, 'hex')) "
    "AND NOT EXISTS (SELECT 1 FROM file_keys k WHERE k.owner_id = stored.owner_id "
    "                AND k.digest = decode(stored.digest, 'hex') AND k.kept_until > now())";
constexpr const char* unsealed_sql =
    "SELECT f.id, f.owner_id, f.digest FROM files f WHERE f.id > $1 AND NOT EXISTS (SELECT 1 FROM file_keys "
    "k "
    "WHERE k.owner_id = f.owner_id AND k.digest = f.digest) ORDER BY f.id LIMIT 100";
// Longer than a discarded file is kept: a row that comes back from a backup brings its key along.
constexpr const char* forget_keys_sql =
    "DELETE FROM file_keys k WHERE k.used_at < now() - interval '40 days' "
    "AND (k.kept_until IS NULL OR k.kept_until < now()) AND NOT EXISTS "
    "(SELECT 1 FROM files f WHERE f.owner_id = k.owner_id AND f.digest = k.digest)";
// A database that was restored from a dump has another identity; its rows then tell whose files these are.
constexpr const char* identity_sql =
    "SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' || oid::text "
    "FROM pg_database WHERE datname = current_database()";

Task<bool> take_from_index(db::Database& db, Time before) {
    const auto rows = co_await db.query(indexed_sql, before);
    for (const auto row : rows) {
        index::Source source;
        source.entry = row.get<std::optional<EntryId>>(1);
        source.file = row.get<std::optional<FileId>>(2);
        const auto owner = row.get<UserId>(0);
        auto work = [&](db::Transaction& tx) -> Task<void> {
            co_await index::remove(tx, owner, source);
        };
        co_await db.transaction(work);
    }
    co_return !rows.empty();
}

using blobs::Stored;

struct Sorted {
    std::vector<Stored> named;
    std::vector<Stored> orphans;  // no row names them
};

/// Sorts a batch of `files`, from `from` on, into `sorted`.
Task<void> sort_batch(db::Database& db, const std::vector<Stored>& files, std::size_t from, Sorted& sorted) {
    const std::size_t end = std::min(files.size(), from + batch);
    std::vector<Uuid> owners;
    std::vector<std::string> digests;
    for (std::size_t i = from; i < end; ++i) {
        owners.push_back(files[i].owner);
        digests.push_back(crypto::hex(files[i].digest));
    }
    std::vector<bool> orphan(end - from, false);
    for (const auto row : co_await db.query(orphans_sql, owners, digests))
        orphan[static_cast<std::size_t>(row.get<std::int32_t>(0)) - 1] = true;
    for (std::size_t i = from; i < end; ++i)
        (orphan[i - from] ? sorted.orphans : sorted.named).push_back(files[i]);
}

Task<Sorted> sorted_by_rows(db::Database& db, std::vector<Stored> files) {
    Sorted sorted;
    for (std::size_t from = 0; from < files.size(); from += batch)
        co_await sort_batch(db, files, from, sorted);
    co_return sorted;
}

/// What a sweep looks at.
struct Found {
    std::string database;  // whose files these were at the last sweep
    std::vector<Stored> old;
    std::vector<Stored> discarded;
    bool empty = false;  // no file at all
};

Found look(blobs::Store& blobs, std::chrono::seconds age) {
    blobs.remove_leftovers(age);
    Found found;
    found.database = blobs.database();
    const auto all = blobs.list();
    for (const auto& one : all) {
        if (one.discarded) found.discarded.push_back(one.file);
        if (!one.discarded && one.age >= age) found.old.push_back(one.file);
    }
    found.empty = all.empty();
    return found;
}

/// One place that is away holds up none of the others.
Task<void> sweep_places_of_any_owner(db::Database& db, blobs::FileStore& files) {
    for (const auto& store : files.stores().all()) {
        try {
            co_await sweep_blobs_of_any_owner(db, *store, files.pool(), std::chrono::hours(1), keep_deleted);
        } catch (const std::exception& failure) {
            log::warn("deleted files are left for later",
                      {{"place", store->name()}, {"reason", failure.what()}});
        }
    }
}

}  // namespace

Task<void> purge_deleted_of_any_owner(db::Database& db, std::chrono::seconds age) {
    const Time before = now() - age;
    while (co_await take_from_index(db, before)) continue;
    co_await db.query(purge_entries_sql, before);
    co_await db.query(purge_files_sql, before);
    co_await db.query(purge_materials_sql, before);
}

Task<std::size_t> sweep_blobs_of_any_owner(db::Database& db, blobs::Store& blobs, net::BlockingPool& pool,
                                           std::chrono::seconds age, std::chrono::seconds keep) {
    const auto identity_rows = co_await db.query(identity_sql);
    const auto identity = identity_rows[0].get<std::string>(0);
    auto search = [&blobs, age] {
        return look(blobs, age);
    };
    auto found = co_await pool.run(std::move(search));
    auto old = co_await sorted_by_rows(db, std::move(found.old));
    auto discarded = co_await sorted_by_rows(db, std::move(found.discarded));
    const bool ours = found.empty || !old.named.empty() || !discarded.named.empty();
    if (found.database != identity && !ours) {
        log::warn("stored files are left alone: they belong to another database than the connected one",
                  {{"files", old.orphans.size() + discarded.orphans.size()}});
        co_return 0;
    }
    auto work = [&] {
        if (found.database != identity) blobs.set_database(identity);
        for (const Stored& one : discarded.named) blobs.take_back(one);
        for (const Stored& one : discarded.orphans) blobs.erase(one, keep);
        std::size_t gone = 0;
        for (const Stored& one : old.orphans) gone += blobs.discard(one, age);
        return gone;
    };
    co_return co_await pool.run(std::move(work));
}

Task<void> tidy_file_keys_of_any_owner(db::Database& db, blobs::FileStore& files) {
    std::size_t sealed = 0;
    for (Uuid after;;) {
        const auto rows = co_await db.query(unsealed_sql, after);
        if (rows.empty()) break;
        for (const auto row : rows) {
            after = row.get<Uuid>(0);
            const auto digest = row.get<crypto::Digest>(2);
            if (co_await files.seal_older(row.get<Uuid>(1), digest)) ++sealed;
        }
    }
    if (sealed > 0) log::info("stored files were sealed", {{"files", sealed}});
    co_await db.query(forget_keys_sql);
}

Task<void> keep_tidy(db::Database& db, blobs::FileStore& files) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        co_await net::sleep_for(std::chrono::hours(1));
        try {
            co_await purge_deleted_of_any_owner(db, keep_deleted);
            co_await sweep_places_of_any_owner(db, files);
            co_await jobs::sweep_of_any_owner(db);
            co_await sweep_shares_of_any_owner(db);
            co_await sweep_half_copies_of_any_owner(db);
            co_await tidy_file_keys_of_any_owner(db, files);
        } catch (const std::exception& failure) {
            log::warn("deleted materials are left for later", {{"reason", failure.what()}});
        }
    }
}

}  // namespace bb::materials
