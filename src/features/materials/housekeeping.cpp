#include "features/materials/housekeeping.hpp"

#include <algorithm>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/materials/index/indexer.hpp"

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
    "                  AND f.digest = decode(stored.digest, 'hex'))";

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

using Stored = blobs::DiskStore::Stored;

/// Those of `files` from `from` on, at most a batch, that no row names.
Task<std::vector<Stored>> orphans_among(db::Database& db, const std::vector<Stored>& files,
                                        std::size_t from) {
    std::vector<Uuid> owners;
    std::vector<std::string> digests;
    for (std::size_t i = from; i < std::min(files.size(), from + batch); ++i) {
        owners.push_back(files[i].owner);
        digests.push_back(crypto::hex(files[i].digest));
    }
    std::vector<Stored> orphans;
    for (const auto row : co_await db.query(orphans_sql, owners, digests))
        orphans.push_back(files[from + static_cast<std::size_t>(row.get<std::int32_t>(0)) - 1]);
    co_return orphans;
}

}  // namespace

Task<void> purge_deleted_of_any_owner(db::Database& db, std::chrono::seconds age) {
    const Time before = now() - age;
    while (co_await take_from_index(db, before)) continue;
    co_await db.query(purge_entries_sql, before);
    co_await db.query(purge_files_sql, before);
    co_await db.query(purge_materials_sql, before);
}

Task<std::size_t> sweep_blobs_of_any_owner(db::Database& db, blobs::DiskStore& blobs, net::BlockingPool& pool,
                                           std::chrono::seconds age) {
    auto look = [&blobs, age] {
        blobs.remove_leftovers(age);
        return blobs.older_than(age);
    };
    const auto old = co_await pool.run(std::move(look));
    std::size_t removed = 0;
    for (std::size_t from = 0; from < old.size(); from += batch) {
        auto orphans = co_await orphans_among(db, old, from);
        auto work = [&blobs, age, orphans = std::move(orphans)] {
            std::size_t gone = 0;
            for (const Stored& one : orphans) gone += blobs.remove(one, age);
            return gone;
        };
        removed += co_await pool.run(std::move(work));
    }
    co_return removed;
}

Task<void> keep_tidy(db::Database& db, blobs::DiskStore& blobs, net::BlockingPool& pool) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        co_await net::sleep_for(std::chrono::hours(1));
        try {
            co_await purge_deleted_of_any_owner(db, keep_deleted);
            co_await sweep_blobs_of_any_owner(db, blobs, pool, std::chrono::hours(1));
        } catch (const std::exception& failure) {
            log::warn("deleted materials are left for later", {{"reason", failure.what()}});
        }
    }
}

}  // namespace bb::materials
