#pragma once
#include <functional>

#include "base/http/router.hpp"
#include "operations/watch/actions.hpp"

namespace bb::watch {

/// What the routes need. The references must outlive the router.
struct WatchParts {
    db::Database& db;
    std::function<Task<Surroundings>()> around;  ///< as they are now
};

/// Adds /api/admin/alarms, metrics, marks, maintenance and incidents, and what belongs to them.
void bind_routes(http::Router& router, const WatchParts& parts);

}  // namespace bb::watch
