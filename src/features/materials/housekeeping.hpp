#pragma once
#include <chrono>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/net/pool.hpp"
#include "services/blobs/disk_store.hpp"

namespace bb::materials {

/// How long deleted things can be restored.
constexpr std::chrono::hours keep_deleted{24 * 30};

/// Removes for good what was deleted longer ago than `age`, whoever owns it. Its index entries go with it.
Task<void> purge_deleted_of_any_owner(db::Database& db, std::chrono::seconds age);

/// Removes stored files that no row names. Returns how many.
Task<std::size_t> sweep_blobs_of_any_owner(db::Database& db, blobs::DiskStore& blobs, net::BlockingPool& pool,
                                           std::chrono::seconds age);

/// Both, once an hour, until the loop ends.
Task<void> keep_tidy(db::Database& db, blobs::DiskStore& blobs, net::BlockingPool& pool);

}  // namespace bb::materials
