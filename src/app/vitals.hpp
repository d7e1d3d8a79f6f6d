#pragma once
#include "app/node.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::app {

/// Publishes once a second what loop number `loop` has in hand, as gauges; the first loop also reads the
/// number of the database's schema every five seconds, so that readiness notices a migration made by others.
/// Runs until it is cancelled; the references must outlive it.
Task<void> watch_vitals(Node& node, db::Database& db, int loop);

}  // namespace bb::app
