#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bb::db {

/// When a migration may run. `expand`: the release before goes on working. `contract`: it no longer can, so
/// that this waits until nobody will go back to it.
enum class Phase { expand, contract };

/// How a script is run.
enum class Mode {
    one_transaction,  ///< all of it or nothing
    none,             ///< statement by statement, each may be run again (CREATE INDEX CONCURRENTLY)
    batches,          ///< one statement, again and again until it touches no row, each time in a transaction
};

/// What the first lines of a script say about it: "-- phase: contract", "-- transaction: none".
struct Header {
    struct Fault {
        int line;
        std::string detail;
    };
    Phase phase = Phase::expand;
    Mode mode = Mode::one_transaction;
    std::vector<Fault> faults;
};

Header read_header(std::string_view script);
/// "expand" or "contract".
const char* name_of(Phase phase);

}  // namespace bb::db
