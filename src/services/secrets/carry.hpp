#pragma once
#include "base/db/session.hpp"

namespace bb::secrets {

/// Copies the keys that `to` has not from `from`: a running server goes on sealing with one of them when its
/// database is replaced by an older one. Neither needs to hold any.
void carry_keys(db::Session& from, db::Session& to);

}  // namespace bb::secrets
