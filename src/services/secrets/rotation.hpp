#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string_view>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "services/secrets/key_ring.hpp"

namespace bb::secrets {

/// A column of sealed values, told by the feature that owns the table. The statements are literals; bytes 2
/// to 9 of a value are the id of its key.
struct SealedColumn {
    std::string_view name;  // "table.column", as in Place
    const char* count_sql;  // gives: key id, number of rows
    const char* older_sql;  // ($1 key id, $2 id, $3 limit) gives: id, value; of rows after $2 not sealed with
                            // $1, in the order of their ids, locked
    const char* replace_sql;  // ($1 id, $2 value)
};

/// How many rows each key seals.
using Counts = std::map<KeyId, std::int64_t>;
Task<Counts> count(db::Database& db, SealedColumn column);

struct Resealed {
    std::int64_t done = 0;
    std::int64_t unreadable = 0;  // left as they are: changed, or their key cannot be read
};

/// Seals what older keys seal with the newest one, in short transactions of at most `batch` rows each.
/// Whatever ends it, each row is sealed with one key or the other, and the next call goes on. Calls
/// `on_progress` (may be empty) after each batch.
Task<Resealed> reseal(db::Database& db, KeyRing& keys, SealedColumn column,
                      std::function<void(const Resealed&)> on_progress = {}, int batch = 50);

/// Finishes every hour what a rotation has left, until it is cancelled; for one loop of each process. The
/// references and the columns must outlive it.
Task<void> keep_resealing(db::Database& db, KeyRing& keys, std::span<const SealedColumn> columns);

}  // namespace bb::secrets
