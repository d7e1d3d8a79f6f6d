#pragma once
#include <memory>
#include <string>

#include "app/node.hpp"
#include "base/client/http_client.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "services/mail/sender.hpp"

namespace bb::app {

/// Keeps the history of this node's metrics, looks at the alarms when it is this node's turn, and carries
/// messages about incidents. Lives on the first loop.
class Watching {
public:
    Watching(Node& node, db::Database& db, client::HttpClient& http, mail::Sender& mail);
    ~Watching();
    Watching(const Watching&) = delete;

    /// Looks until it is cancelled.
    Task<void> run();
    /// Sends what is to be sent over one channel until it is cancelled: beside the others, as it may hang.
    Task<void> carry_messages(std::string channel);
    /// Tells the outside check that somebody watches, until it is cancelled.
    Task<void> tell_outside();
    /// Writes down what was counted last, and that this node ends because it was told to.
    Task<void> say_goodbye();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bb::app
