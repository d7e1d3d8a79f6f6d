#pragma once
#include "base/db/database.hpp"
#include "base/http/router.hpp"
#include "base/net/pool.hpp"
#include "features/materials/message_search.hpp"
#include "services/access/person_limit.hpp"
#include "services/blobs/file_store.hpp"
#include "services/fetch/guard.hpp"

namespace bb::materials {

class Uploads;
namespace vectors {
class Semantics;
}

/// What the routes work with; everything must outlive the router.
struct Services {
    db::Database& db;
    blobs::FileStore& files;
    net::BlockingPool& pool;
    Uploads* uploads;
    access::PersonLimit& pages;
    access::PersonLimit& copies;              // of shared materials
    access::PersonLimit& links;               // to shared materials, opened
    const fetch::Guard& guard;                // of the pages that people name
    MessageSearch* messages = nullptr;        // null: a search finds no messages
    std::int64_t storage = 0;                 // bytes of files that a person may keep; 0: no bound
    vectors::Semantics* semantics = nullptr;  // null: a search goes by words alone
};

/// /api/subjects, /api/materials with entries, files and shares, /api/shared, /api/search.
void bind_routes(http::Router& router, Services services);

}  // namespace bb::materials
