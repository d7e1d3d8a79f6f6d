#include "services/secrets/kept.hpp"

#include "base/core/log.hpp"

namespace bb::secrets {
namespace {

constexpr std::string_view column = "kept_secrets.sealed";
// A new row each time: what is sealed is bound to the id of its row.
constexpr const char* forget_sql = "DELETE FROM kept_secrets WHERE name = $1";
constexpr const char* keep_sql = "INSERT INTO kept_secrets (id, name, sealed) VALUES ($1, $2, $3)";
constexpr const char* names_sql = "SELECT name, updated_at FROM kept_secrets ORDER BY name";
constexpr const char* values_sql = "SELECT id, name, sealed FROM kept_secrets ORDER BY name";
constexpr const char* any_sql = "SELECT FROM kept_secrets LIMIT 1";

}  // namespace

const SealedColumn kept_secret_column{
    column, "SELECT substring(sealed FROM 2 FOR 8), count(*) FROM kept_secrets GROUP BY 1",
    "SELECT id, sealed FROM kept_secrets WHERE substring(sealed FROM 2 FOR 8) <> $1 AND id > $2 "
    "ORDER BY id LIMIT $3 FOR UPDATE",
    "UPDATE kept_secrets SET sealed = $2 WHERE id = $1"};

Task<void> keep(db::Database& db, KeyRing& keys, std::string name, std::string value) {
    const Place place{column, Uuid::make()};
    const auto sealed = co_await keys.seal(place, std::move(value));
    const db::Bytes content{sealed};
    auto work = [&](db::Transaction& tx) -> Task<void> {
        co_await tx.query(forget_sql, name);
        co_await tx.query(keep_sql, place.row, name, content);
    };
    co_await db.transaction(work);
}

Task<bool> forget(db::Database& db, std::string name) {
    const auto rows = co_await db.query(forget_sql, name);
    co_return rows.affected() > 0;
}

Task<std::vector<KeptName>> kept_names(db::Database& db) {
    std::vector<KeptName> names;
    const auto rows = co_await db.query(names_sql);
    for (const auto row : rows) names.push_back({row.get<std::string>(0), row.get<Time>(1)});
    co_return names;
}

Task<std::map<std::string, std::string>> kept_values(db::Database& db, KeyRing& keys) {
    std::map<std::string, std::string> values;
    const auto rows = co_await db.query(values_sql);
    for (const auto row : rows) {
        const auto name = row.get<std::string>(1);
        const Place place{column, row.get<Uuid>(0)};
        auto value = co_await keys.open(place, row.get<std::string>(2));
        if (value)
            values[name] = std::move(*value);
        else
            log::error("a kept secret cannot be opened: was BRAINBYTES_SECRET changed?", {{"name", name}});
    }
    co_return values;
}

bool is_anything_kept(db::Session& session) {
    return !session.query(any_sql).empty();
}

}  // namespace bb::secrets
