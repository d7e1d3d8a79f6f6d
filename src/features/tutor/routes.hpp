#pragma once
#include "base/db/database.hpp"
#include "base/http/router.hpp"
#include "features/tutor/chat.hpp"
#include "features/tutor/replies.hpp"
#include "services/access/token_budget.hpp"

namespace bb::tutor {

/// What the routes of one loop work with; all of it outlives the router.
struct Services {
    db::Database& db;
    Replies& replies;
    Chat& chat;
    access::TokenBudget& budget;
};

/// Threads, their messages and branches, chat, its stream and stop.
void bind_routes(http::Router& router, Services services);

/// What the description of the API says of a route; one that makes something may be repeated by its key.
http::RouteOptions described(std::string summary, std::string request, std::string response,
                             int success = 200);

/// The two halves of bind_routes.
void bind_thread_routes(http::Router& router, Services services);
void bind_chat_routes(http::Router& router, Services services);

}  // namespace bb::tutor
