#pragma once
#include <span>
#include <string_view>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/materials/types.hpp"

namespace bb::materials {

/// A material of the demonstration school.
struct SeedEntry {
    std::string_view title;
    std::string_view content;  // Markdown
};
struct SeedMaterial {
    std::string_view title;
    std::string_view subject;
    std::string_view description;
    std::span<const SeedEntry> entries;
};

SeedMaterial biology_seed();
SeedMaterial mathematics_seed();
SeedMaterial filipino_seed();

/// Gives a person the three materials of the demonstration school. Those whose title the person already has
/// stay as they are, so it may be called again.
Task<void> seed_materials(db::Database& db, UserId owner);

}  // namespace bb::materials
