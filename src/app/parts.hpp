#pragma once
#include <array>
#include <memory>

#include "app/watching.hpp"
#include "app/worker.hpp"
#include "base/client/http_client.hpp"
#include "base/db/database.hpp"
#include "base/http/server.hpp"
#include "base/http/service.hpp"
#include "features/accounts/github/github.hpp"
#include "features/accounts/privacy/keeping.hpp"
#include "features/accounts/session_cache.hpp"
#include "features/accounts/sign_in_counts.hpp"
#include "features/materials/page/fetching.hpp"
#include "features/materials/personal/personal.hpp"
#include "features/materials/reading.hpp"
#include "features/materials/resumable/uploads.hpp"
#include "features/materials/search.hpp"
#include "features/materials/vectors/embedding.hpp"
#include "features/materials/vectors/semantics.hpp"
#include "features/tutor/personal/personal.hpp"
#include "features/tutor/thread_search.hpp"
#include "features/tutor/tutor.hpp"
#include "operations/watch/messages.hpp"
#include "services/access/idempotency.hpp"
#include "services/access/person_limit.hpp"
#include "services/access/shared_limits.hpp"
#include "services/access/token_budget.hpp"
#include "services/blobs/file_store.hpp"
#include "services/fetch/fetcher.hpp"
#include "services/llm/embeddings.hpp"
#include "services/llm/provider.hpp"
#include "services/mail/sender.hpp"
#include "services/secrets/key_ring.hpp"

namespace bb::app {

/// The object tree of one loop, in the order of its making. The one place that names every feature.
struct Worker::Parts {
    Parts(Node& node, Executor executor);

    void bind_routes();
    http::Hooks hooks();
    std::array<jobs::Runner*, 3> runners() { return {&reading, &reading_again, &fetching}; }
    Task<watch::Surroundings> surroundings();
    void count_key(const http::Request& request, bool refused);

    Node& node;
    db::Database db;
    client::HttpClient http_client;
    std::unique_ptr<llm::Provider> provider;  // null: no model is configured
    std::unique_ptr<mail::Sender> mail;
    accounts::SessionCache sessions;
    access::TokenBudget budget;
    secrets::KeyRing keys;
    std::unique_ptr<accounts::Github> github;  // null: no OAuth app is configured
    blobs::FileStore files;
    materials::Uploads uploads;
    materials::PersonalMaterials personal_materials;
    tutor::PersonalChats personal_chats;
    accounts::Keeping keeping;
    materials::Reading reading;
    materials::Reading reading_again;  // what an older reader has read
    fetch::Fetcher fetcher;
    materials::Fetching fetching;
    std::unique_ptr<llm::Embedder> embedder;                   // null: no embedding model is configured
    std::unique_ptr<materials::vectors::Semantics> semantics;  // null without one
    std::unique_ptr<materials::vectors::Embedding> embedding;  // null without one
    materials::Search search;
    tutor::ThreadSearch message_search;
    tutor::Tutor tutor;
    http::Router router;
    access::SharedLimits sign_in_limits;
    access::PersonLimit page_limit;
    access::PersonLimit copy_limit;
    access::PersonLimit link_limit;
    accounts::SignInCounts sign_ins;
    access::Idempotency idempotency;
    http::Service service;
    http::Server server;
    Watching watching;
};

}  // namespace bb::app
