#include "app/parts.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "app/health.hpp"
#include "app/installation.hpp"
#include "app/pages.hpp"
#include "app/status_page.hpp"
#include "app/watch_settings.hpp"
#include "base/config/public_url.hpp"
#include "base/db/servers.hpp"
#include "base/http/gzip.hpp"
#include "features/accounts/routes.hpp"
#include "features/materials/routes.hpp"
#include "operations/safety/routes.hpp"
#include "operations/watch/routes.hpp"
#include "services/access/origin.hpp"
#include "services/blobs/objects.hpp"
#include "services/llm/guard.hpp"
#include "services/llm/openai.hpp"
#include "services/webauthn/relying_party.hpp"

#include <embedded/version.hpp>

namespace bb::app {
namespace {

db::Options database_options(const Node& node) {
    db::Options options;
    options.conninfo = node.conninfo;
    options.application = db::server_application();
    options.pipelines = 2;  // while one waits for the disk to hold a write, the other searches
    return options;
}

http::ServiceOptions service_options(const Node& node) {
    http::ServiceOptions options;
    options.content_security_policy = node.policy;
    options.public_https = node.url.compare(0, 8, "https://") == 0;
    options.trusted_proxies = node.trusted_proxies;
    return options;
}

/// Each loop gets its share of the descriptors, with some left for files, the database and the model.
http::ServerOptions server_options(const Node& node) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    http::ServerOptions options;
    const std::size_t usable = limit.rlim_cur > 512 ? (limit.rlim_cur - 256) * 3 / 4 : 128;
    // With TLS a connection has a socket pair besides its own socket.
    const std::size_t each = node.tls ? 3 : 1;
    options.max_connections = usable / each / static_cast<std::size_t>(node.threads);
    options.bodies = node.bodies;
    options.tls = node.tls;
    return options;
}

std::unique_ptr<mail::Sender> mail_sender(Node& node) {
    const auto& from = node.config.text("MAIL_FROM");
    if (node.config.is_set("SMTP_URL"))
        return std::make_unique<mail::Smtp>(node.mailer, node.metrics, node.config.text("SMTP_URL"), from);
    return std::make_unique<mail::Outbox>(node.pool, node.data_folder + "/outbox", from);
}

/// Null unless a key or an address is given: a server at OPENAI_BASE_URL may want no key.
std::unique_ptr<llm::Provider> model_provider(Node& node, client::HttpClient& client) {
    const auto& config = node.config;
    if (!config.is_set("OPENAI_API_KEY") && !config.is_set("OPENAI_BASE_URL")) return nullptr;
    const auto time = [&](std::string_view name) {
        return std::chrono::seconds(config.number(name));
    };
    llm::Options options;
    if (config.is_set("OPENAI_BASE_URL")) options.base_url = config.text("OPENAI_BASE_URL");
    options.api_key = config.text("OPENAI_API_KEY");
    options.model = config.text("OPENAI_MODEL");
    options.connect = time("BRAINBYTES_MODEL_CONNECT_SECONDS");
    options.first_token = time("BRAINBYTES_MODEL_FIRST_SECONDS");
    options.idle = time("BRAINBYTES_MODEL_PAUSE_SECONDS");
    options.whole = time("BRAINBYTES_MODEL_TOTAL_SECONDS");
    if (node.spans)
        options.ended = [&spans = *node.spans, model = options.model](
                            const Trace& trace, std::string_view fault, double seconds) {
            spans.add(telemetry::model_span(trace, model, fault, seconds));
        };
    return llm::guarded(llm::make_openai(client, node.metrics, node.circuit, std::move(options)));
}

/// Null unless an embedding model is named.
std::unique_ptr<llm::Embedder> embedding_model(Node& node, client::HttpClient& client) {
    const auto& config = node.config;
    if (!config.is_set("OPENAI_EMBEDDING_MODEL")) return nullptr;
    llm::EmbeddingOptions options;
    options.model = config.text("OPENAI_EMBEDDING_MODEL");
    if (config.is_set("OPENAI_EMBEDDING_BASE_URL")) {
        options.base_url = config.text("OPENAI_EMBEDDING_BASE_URL");
    } else {
        if (config.is_set("OPENAI_BASE_URL")) options.base_url = config.text("OPENAI_BASE_URL");
        options.api_key = config.text("OPENAI_API_KEY");
    }
    return std::make_unique<llm::Embedder>(client, node.metrics, node.embedding_circuit, std::move(options));
}

std::unique_ptr<accounts::Github> github_door(const Node& node, client::HttpClient& client,
                                              secrets::KeyRing& keys) {
    auto options = accounts::github_options(node.config, node.url);
    if (!options) return nullptr;
    return std::make_unique<accounts::Github>(client, keys, std::move(*options));
}

/// Bytes of files that a person may keep; 0: any number.
std::int64_t storage_of(const Node& node) {
    return std::int64_t{1'000'000} * node.config.number("BRAINBYTES_STORAGE_MB");
}

materials::UploadBounds upload_bounds(const Node& node) {
    return {std::int64_t{1 << 20} * node.config.number("BRAINBYTES_FILE_MIB"), storage_of(node)};
}

std::vector<std::string> sealing_secrets(const Node& node) {
    return {node.secret, node.config.text("BRAINBYTES_SECRET_BEFORE")};
}

}  // namespace

Worker::Parts::Parts(Node& shared, Executor executor)
    : node(shared),
      db(executor, database_options(shared)),
      http_client(executor, shared.config.text("SSL_CERT_FILE")),
      provider(model_provider(shared, http_client)),
      mail(mail_sender(shared)),
      sessions(db),
      budget(executor, db,
             access::parse_quotas(shared.config.text("BRAINBYTES_QUOTAS")).value_or(access::TokenQuotas())),
      keys(db, sealing_secrets(shared)),
      github(github_door(shared, http_client, keys)),
      files(db, keys, *shared.files, shared.file_pool),
      uploads(db, keys, files, shared.uploads, shared.data_folder + "/uploads", upload_bounds(shared)),
      personal_materials(files, storage_of(shared), &uploads),
      personal_chats(shared.pool),
      keeping{db, shared.pool, shared.data_folder, {&personal_materials, &personal_chats}, files},
      reading(db, files, shared.file_readers, shared.metrics),
      reading_again(db, files, shared.file_readers, shared.metrics, materials::Reading::Of::read_files),
      fetcher(executor, shared.config.text("SSL_CERT_FILE"),
              fetch::Guard(*net::NetworkList::parse(shared.config.text("BRAINBYTES_FETCH_ALLOW"))),
              "BrainBytes (+" + shared.url + ")"),
      fetching(db, files, fetcher, storage_of(shared), shared.metrics),
      embedder(embedding_model(shared, http_client)),
      semantics(embedder ? std::make_unique<materials::vectors::Semantics>(
                               executor, db, *embedder, shared.vectors, shared.pool, shared.metrics)
                         : nullptr),
      embedding(embedder ? std::make_unique<materials::vectors::Embedding>(db, *embedder, shared.metrics,
                                                                           shared.passages_waiting)
                         : nullptr),
      search(db, semantics.get()),
      message_search(db),
      tutor(executor, db, search, provider.get(), budget, shared.replies, shared.metrics, shared.home_name),
      sign_in_limits(db, shared.rates, shared.metrics),
      page_limit(sign_in_limits, shared.metrics, "pages"),
      copy_limit(sign_in_limits, shared.metrics, "copies"),
      link_limit(sign_in_limits, shared.metrics, "share-person"),
      sign_ins(shared.metrics),
      idempotency(db, router),
      service(router, hooks(), service_options(shared), shared.metrics),
      server(executor, service, server_options(shared), shared.metrics),
      watching(shared, db, http_client, *mail) {
    bind_routes();
}

void Worker::Parts::bind_routes() {
    bind_health_routes(router, {node, db, provider.get(), embedder.get()});
    accounts::About about{std::string(embedded::version), provider ? "model" : "extractive", std::nullopt};
    if (provider) about.model = provider->model();
    const auto announce = [&shared = node](const std::string& payload) {
        shared.announce("session_ended", payload);
    };
    accounts::bind_routes(
        router, {db, sessions, *mail, sign_in_limits, budget, node.url, node.secret, std::move(about),
                 announce, github.get(),
                 webauthn::relying_parties({node.url, config::local_url(node.config)}), &keeping, &sign_ins});
    materials::bind_routes(router, {db, files, node.pool, &uploads, page_limit, copy_limit, link_limit,
                                    fetcher.guard(), &message_search, storage_of(node), semantics.get()});
    tutor.bind_routes(router);
    const auto places = destinations_of(node.config);
    const bool beside_data = std::all_of(places.begin(), places.end(), [this](const auto& place) {
        return is_beside_data(node.config, place);
    });
    std::vector<std::string> names;
    for (const auto& place : places) names.push_back(place.name());
    watch::bind_routes(router, {db, [this]() {
                                    return surroundings();
                                }});
    bind_status_routes(router, {node, db, *mail, sign_in_limits});
    safety::bind_routes(router, {db, std::chrono::hours(node.config.number("BACKUP_EVERY_HOURS")),
                                 std::chrono::hours(24 * node.config.number("DRILL_EVERY_DAYS")),
                                 std::move(names), beside_data});
}

Task<watch::Surroundings> Worker::Parts::surroundings() {
    watch::Surroundings around;
    co_await refresh(around, node, db);
    co_return around;
}

/// A key signs in anew with each request.
void Worker::Parts::count_key(const http::Request& request, bool refused) {
    using Counts = accounts::SignInCounts;
    if (refused)
        sign_ins.count("key", Counts::limited);
    else
        sign_ins.count("key", request.principal ? Counts::succeeded : Counts::failed);
}

http::Hooks Worker::Parts::hooks() {
    http::Hooks hooks;
    hooks.authenticate = [this](const http::Request& request) {
        return sessions.authenticate(request);
    };
    hooks.refuse_origin = [this](const http::Request& request) {
        return access::refuse_origin(request, node.url);
    };
    hooks.limit = [this](http::Request& request, const http::Route& route) {
        auto refused = node.limits.refuse(request, route);
        if (request.bearer()) count_key(request, refused.has_value());
        return refused;
    };
    hooks.carry_out_once = [this](http::Request& request, const http::Route& route) {
        return idempotency.carry_out(request, route);
    };
    hooks.closed = [this](const http::Request& request) -> std::optional<http::Response> {
        const auto maintenance = node.maintenance.load();
        return maintenance ? answer_in_maintenance(*maintenance, request) : std::nullopt;
    };
    hooks.pack = [this](const std::string& body) -> Task<std::string> {
        co_return co_await node.pool.run([&body] { return http::gzip(body); });
    };
    hooks.fallback = [this](const http::Request& request) {
        return page_or_asset(request, node.assets);
    };
    if (node.spans)
        hooks.answered = [&spans = *node.spans](const http::Request& request, std::string_view route,
                                                int status, double seconds) {
            spans.add(telemetry::request_span(request.trace, name_of(request.method), route, request.secure,
                                              status, seconds));
        };
    hooks.is_temporary = [](const std::exception& failure) {
        return dynamic_cast<const db::Unavailable*>(&failure) != nullptr ||
               dynamic_cast<const blobs::Away*>(&failure) != nullptr ||
               dynamic_cast<const db::SerializationFailure*>(&failure) != nullptr;
    };
    return hooks;
}

}  // namespace bb::app
