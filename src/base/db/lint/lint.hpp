#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/db/migration.hpp"

namespace bb::db {

/// The first migration that every rule holds for. Those before it were written without the rules and must
/// keep their text; they are held only to what can still be put right beside them (see `first_linted` in
/// lint()).
inline constexpr int first_linted = 15;

/// A rule that a migration breaks.
struct Finding {
    int number;
    std::string file;  ///< "0016_notes.up.sql"
    int line;
    std::string rule;    ///< "index-blocks-writes"
    std::string detail;  ///< what is wrong and the safe way
};

/// A breach that the migration itself gives a reason for ("-- safe: ...").
struct Excuse {
    Finding finding;
    std::string reason;
};

struct LintReport {
    std::vector<Finding> findings;
    std::vector<Finding> baseline;  ///< of migrations before the first one that all rules hold for
    std::vector<Excuse> excuses;
};

/// Reads every migration with PostgreSQL's parser and checks it, without a database. For migrations before
/// `first`, only what is unreadable or has no way back is a finding; a foreign key that they left without an
/// index is listed as baseline until a later one adds it.
LintReport lint(Migrations migrations, int first = first_linted);
/// Why migrations must not be applied, or nullopt: the findings about `pending` among all.
std::optional<Error> refusal(Migrations migrations, const std::vector<Migration>& pending);
/// "0016_notes.up.sql:3: index-blocks-writes: ..."
std::string sentence(const Finding& finding);

}  // namespace bb::db
