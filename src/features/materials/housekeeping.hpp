#pragma once
#include <chrono>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/net/pool.hpp"
#include "services/blobs/file_store.hpp"

namespace bb::materials {

/// How long deleted things can be restored.
constexpr std::chrono::hours keep_deleted{24 * 30};

/// Removes for good what was deleted longer ago than `age`, whoever owns it. Its index entries go with it.
Task<void> purge_deleted_of_any_owner(db::Database& db, std::chrono::seconds age);

/// Discards files stored `age` ago or earlier that no row names, and returns how many. What was discarded
/// `keep` ago is erased; what a row names again is taken back. Touches nothing, and warns, when the files
/// belong to another database: one whose rows name none of them.
Task<std::size_t> sweep_blobs_of_any_owner(db::Database& db, blobs::Store& blobs, net::BlockingPool& pool,
                                           std::chrono::seconds age, std::chrono::seconds keep);

/// Seals files that were stored before files were sealed, and forgets keys of files that are gone.
Task<void> tidy_file_keys_of_any_owner(db::Database& db, blobs::FileStore& files);

/// All of this once an hour, until the loop ends.
Task<void> keep_tidy(db::Database& db, blobs::FileStore& files);

}  // namespace bb::materials
