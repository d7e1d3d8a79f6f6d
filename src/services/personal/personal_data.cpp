#include "services/personal/personal_data.hpp"

#include <algorithm>

namespace bb::personal {
namespace {

constexpr const char* remember_sql =
    "INSERT INTO imported (owner_id, kind, original_id, made_id) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (owner_id, kind, original_id) DO UPDATE SET made_id = EXCLUDED.made_id";

}  // namespace

Task<void> remember(db::Transaction& tx, Uuid owner, const char* kind, Uuid original, Uuid made) {
    co_await tx.query(remember_sql, owner, kind, original, made);
}

std::optional<Time> past_time(std::string_view text) {
    const auto time = parse_rfc3339(text);
    if (!time || *time < Time{}) return std::nullopt;
    return std::min(*time, now());
}

}  // namespace bb::personal
