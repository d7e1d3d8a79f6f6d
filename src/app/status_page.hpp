#pragma once
#include "app/node.hpp"
#include "base/db/database.hpp"
#include "base/http/router.hpp"
#include "services/access/shared_limits.hpp"
#include "services/mail/sender.hpp"

namespace bb::app {

/// What people without an account reach of incidents: /status and its subscriptions, and the links in
/// messages to those on duty. The references must outlive the router.
struct StatusParts {
    Node& node;
    db::Database& db;
    mail::Sender& mail;
    access::SharedLimits& limits;
};
void bind_status_routes(http::Router& router, StatusParts parts);

}  // namespace bb::app
