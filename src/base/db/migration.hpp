#pragma once
#include <span>

#include "embedded/assets.hpp"

namespace bb::db {

using Migration = embedded::EmbeddedMigration;
using Migrations = std::span<const Migration>;

}  // namespace bb::db
