#include "features/materials/older_files.hpp"

#include <chrono>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/materials/extract/read.hpp"
#include "features/materials/files.hpp"
#include "features/materials/upload.hpp"
#include "services/jobs/queue.hpp"

namespace bb::materials {
namespace {

constexpr std::int64_t most_older_waiting = 20;
constexpr std::chrono::milliseconds pause_after_start{5'000};
constexpr std::chrono::milliseconds pause_while_older{60'000}, pause_without_older{3'600'000};

constexpr const char* older_files_sql =
    "SELECT owner_id, id FROM (SELECT f.owner_id, f.id, "
    "  row_number() OVER (PARTITION BY f.owner_id ORDER BY f.id DESC) AS n FROM files f "
    "  JOIN materials m ON m.owner_id = f.owner_id AND m.id = f.material_id AND m.deleted_at IS NULL "
    "  WHERE f.state = 'ready' AND f.reader < $1 AND f.deleted_at IS NULL "
    "  AND lower(substring(f.name FROM '[^.]*$')) <> ALL ($2::text[]) "
    "  AND NOT EXISTS (SELECT FROM jobs j WHERE j.kind = $3 AND j.owner_id = f.owner_id "
    "                  AND j.subject_id = f.id)) AS older "
    "ORDER BY n, id DESC LIMIT $4";

}  // namespace

Task<std::size_t> queue_older_of_any_owner(db::Database& db) {
    const auto waiting = co_await jobs::count_of_any_owner(db, reading_again_job);
    const auto came_in = co_await jobs::count_of_any_owner(db, reading_job);
    const auto room = most_older_waiting - waiting;
    if (room <= 0 || came_in > 0) co_return static_cast<std::size_t>(waiting + came_in);
    const auto rows = co_await db.query(older_files_sql, extract::reader_version, endings_kept_as_text(),
                                        reading_again_job, room);
    auto work = [&rows](db::Transaction& tx) -> Task<void> {
        for (const auto row : rows)
            co_await jobs::add_missing(tx, reading_again_job, row.get<Uuid>(0), row.get<Uuid>(1));
    };
    if (!rows.empty()) co_await db.transaction(work);
    co_return static_cast<std::size_t>(waiting + rows.size());
}

Task<void> keep_queuing_older(db::Database& db) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    auto pause = pause_after_start;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        co_await net::sleep_for(pause);
        pause = pause_while_older;
        try {
            if (co_await queue_older_of_any_owner(db) == 0) pause = pause_without_older;
        } catch (const std::exception& failure) {
            log::warn("files of an older reader are left for later", {{"reason", failure.what()}});
        }
    }
}

}  // namespace bb::materials
