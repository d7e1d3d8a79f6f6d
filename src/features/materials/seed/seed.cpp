#include "features/materials/seed/seed.hpp"

#include <string>

#include "features/materials/entries.hpp"
#include "features/materials/materials.hpp"

namespace bb::materials {
namespace {

constexpr const char* has_sql =
    "SELECT 1 FROM materials WHERE owner_id = $1 AND title = $2 AND deleted_at IS NULL";

Task<void> add(db::Database& db, net::BlockingPool& pool, UserId owner, SeedMaterial seed) {
    const auto there = co_await db.query(has_sql, owner, seed.title);
    if (!there.empty()) co_return;
    NewMaterial input;
    input.title = seed.title;
    input.subject = std::string(seed.subject);
    input.description = seed.description;
    Materials materials(db);
    const auto material = co_await materials.create(owner, MaterialId::make(), std::move(input));
    Entries entries(db, pool);
    for (const SeedEntry& one : seed.entries) {
        NewEntry entry;
        entry.title = one.title;
        entry.content = one.content;
        const auto made =
            co_await entries.create(owner, material.value().id, EntryId::make(), std::move(entry));
        if (!made)
            throw std::runtime_error("the material of the demonstration school vanished while it was made");
    }
}

}  // namespace

Task<void> seed_materials(db::Database& db, UserId owner) {
    net::BlockingPool pool(1);
    co_await add(db, pool, owner, biology_seed());
    co_await add(db, pool, owner, mathematics_seed());
    co_await add(db, pool, owner, filipino_seed());
}

}  // namespace bb::materials
