#pragma once
#include <functional>
#include <string>

#include "app/node.hpp"
#include "base/db/database.hpp"
#include "base/http/router.hpp"
#include "services/llm/embeddings.hpp"
#include "services/llm/provider.hpp"

namespace bb::app {

/// The parts of one loop that health is told from.
struct HealthParts {
    Node& node;
    db::Database& db;
    llm::Provider* provider;  // null: no model is configured
    llm::Embedder* embedder;  // null: no embedding model is configured
};

/// /livez, /readyz, /api/health, /api/metrics and /api/openapi.json.
void bind_health_routes(http::Router& router, HealthParts parts);

}  // namespace bb::app
