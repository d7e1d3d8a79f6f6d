#pragma once
#include <string>
#include <vector>

#include "base/db/session.hpp"

namespace bb::db {

/// One thing that was looked at besides the definitions of the schema.
struct Check {
    enum class State { ok, failed, skipped };
    std::string name;  ///< "foreign-keys"
    State state;
    std::string detail;  ///< one sentence or a list: what was looked at, what is wrong, or why it was skipped
};

/// Whether the database is sound: its indexes, constraints, foreign keys, sequences, extensions, page
/// checksums and, where the role may, the inside of its B-trees and, if `deep`, of its tables. Without `deep`
/// it reads at most 10000 rows of each table for foreign keys and the structure alone of each index.
/// `maintenance` is for what needs a superuser; it may be the same session. Changes nothing. Throws SqlError.
std::vector<Check> check_database(Session& session, Session& maintenance, bool deep);

/// The parts of it.
Check check_indexes(Session& session);
Check check_constraints(Session& session);
Check check_foreign_keys(Session& session, bool deep);
Check check_sequences(Session& session);
Check check_extensions(Session& session);
Check check_checksums(Session& session);
Check check_btrees(Session& maintenance, bool deep);
Check check_tables(Session& maintenance);

/// "ok", "failed" or "skipped".
const char* name_of(Check::State state);

}  // namespace bb::db
