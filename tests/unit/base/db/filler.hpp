#pragma once
#include <string>
#include <vector>

#include "base/db/session.hpp"

namespace bb::test {

/// Puts a few made-up rows into every table of the schema that takes some, parents first, in the order of
/// their foreign keys. Values are tried at random from what the types and the checks suggest and from the
/// ends of the types, the same for the same seed and schema. Returns the tables that stayed empty.
std::vector<std::string> fill_every_table(db::Session& session, unsigned seed);

/// The tables of the schema but the runner's own, by name.
std::vector<std::string> tables_of(db::Session& session);

}  // namespace bb::test
