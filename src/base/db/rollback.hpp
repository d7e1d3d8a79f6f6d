#pragma once
#include <exception>

#include "base/db/session.hpp"

namespace bb::db {

/// Takes everything back at the end of a scope, whatever happened in the transaction.
struct Rollback {
    Session& session;
    ~Rollback() {
        try {
            session.script("ROLLBACK");
        } catch (const std::exception&) {
            // The connection is gone, and the transaction with it.
        }
    }
};

}  // namespace bb::db
