#pragma once

namespace bb::db {

/// The schema numbers (last migration) this program can run on, and any above that newer programs reached by
/// expand migrations alone. `schema_max` is its newest migration; lower
/// `schema_min` only when the program really works without the migrations above it. A test compares both with
/// the migrations inside the program.
inline constexpr int schema_min = 18;
inline constexpr int schema_max = 26;

}  // namespace bb::db
