#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "base/db/database.hpp"
#include "base/http/router.hpp"

namespace bb::safety {

/// What the page about backups and drills needs. The references must outlive the router.
struct SafetyParts {
    db::Database& db;
    std::chrono::seconds backup_every{0};  ///< 0: the server makes none by itself
    std::chrono::seconds drill_every{0};   ///< 0: the server holds none by itself
    std::vector<std::string> places;       ///< of backups, by name
    bool beside_data = false;              ///< all places are on the disk of the data
    Time started = now();                  ///< of the server
};

/// GET /api/admin/backups: backups made or missed, the next one, what would be lost now, and past drills.
void bind_routes(http::Router& router, const SafetyParts& parts);

}  // namespace bb::safety
