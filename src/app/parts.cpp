#include "app/parts.hpp"

#include <sys/resource.h>

#include "app/health.hpp"
#include "app/pages.hpp"
#include "features/accounts/routes.hpp"
#include "services/access/origin.hpp"

#include <embedded/version.hpp>

namespace bb::app {
namespace {

db::Options database_options(const Node& node) {
    db::Options options;
    options.conninfo = node.conninfo;
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
    options.max_connections = usable / static_cast<std::size_t>(node.threads);
    return options;
}

std::unique_ptr<mail::Sender> mail_sender(Node& node) {
    const auto& from = node.config.text("MAIL_FROM");
    if (node.config.is_set("SMTP_URL"))
        return std::make_unique<mail::Smtp>(node.mailer, node.config.text("SMTP_URL"), from);
    return std::make_unique<mail::Outbox>(node.pool, node.data_folder + "/outbox", from);
}

}  // namespace

Worker::Parts::Parts(Node& shared)
    : node(shared),
      db(io.get_executor(), database_options(shared)),
      mail(mail_sender(shared)),
      sessions(db),
      service(router, hooks(), service_options(shared), shared.metrics),
      server(io.get_executor(), service, server_options(shared), shared.metrics) {
    bind_routes();
}

void Worker::Parts::bind_routes() {
    bind_health_routes(router, {node, db, nullptr});
    const accounts::About about{std::string(embedded::version), "extractive", std::nullopt};
    const auto announce = [&shared = node](const std::string& payload) { shared.announce("session_ended", payload); };
    accounts::bind_routes(router, {db, sessions, *mail, node.url, node.secret, about, announce});
}

http::Hooks Worker::Parts::hooks() {
    http::Hooks hooks;
    hooks.authenticate = [this](const http::Request& request) { return sessions.authenticate(request); };
    hooks.refuse_origin = [this](const http::Request& request) {
        return access::refuse_origin(request, node.url);
    };
    hooks.fallback = page_or_asset;
    hooks.is_temporary = [](const std::exception& failure) {
        return dynamic_cast<const db::Unavailable*>(&failure) != nullptr ||
               dynamic_cast<const db::SerializationFailure*>(&failure) != nullptr;
    };
    return hooks;
}

}  // namespace bb::app
