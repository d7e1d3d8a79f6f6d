#pragma once
#include "cli/cli.hpp"

namespace bb::cli {

/// `brainbytes db lint`: the migrations inside the program against the rules of docs/migrations.md; needs no
/// database.
int lint_migrations(Context& context, bool as_json);
/// `brainbytes db verify`: the live schema against what the migrations make, and whether the database is
/// sound.
int verify_database(Context& context, bool as_json, bool deep);

}  // namespace bb::cli
