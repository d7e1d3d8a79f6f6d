#pragma once
#include <functional>

#include "base/db/home.hpp"
#include "base/db/session.hpp"
#include "cli/cli.hpp"

namespace bb::cli {

/// Opens the data folder and its database beside a running server or without one, runs `work`, closes them.
/// Returns what `work` returns, or `failed` after saying why the database cannot be used.
int with_home(Context& context, const std::function<int(db::Home&)>& work);
/// The same, once the database has the schema that this program needs.
int with_ready_home(Context& context, const std::function<int(db::Home&)>& work);
/// The same with a blocking connection; the schema is left as it is.
int with_session(Context& context, const std::function<int(db::Session&)>& work);

}  // namespace bb::cli
