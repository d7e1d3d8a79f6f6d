#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/tutor/branch.hpp"
#include "features/tutor/types.hpp"

namespace bb::tutor {

/// The messages of one person's threads.
class Messages {
public:
    explicit Messages(db::Database& db) : db_(db) {}

    /// The branch that is shown. Errors: not_found.
    Task<Result<std::vector<Shown>>> branch(UserId owner, ThreadId thread);
    /// Shows the branch through the message that clients call `client_id`.
    /// Errors: not_found, conflict while a reply runs.
    Task<Result<std::vector<Shown>>> switch_branch(UserId owner, ThreadId thread, std::string client_id);
    /// A message without its sources. Errors: not_found.
    Task<Result<Message>> find(UserId owner, ThreadId thread, std::string client_id);
    Task<Result<Message>> by_id(UserId owner, MessageId id);
    /// The message with which the shown branch ends, or nullopt in an empty thread.
    Task<std::optional<Message>> last(UserId owner, ThreadId thread);
    /// Questions beside `message` (same parent), newest first.
    Task<std::vector<Message>> questions_beside(UserId owner, Message message);

private:
    struct Whole {
        std::vector<Message> messages;
        std::optional<MessageId> leaf;
    };
    Task<std::optional<Whole>> load(UserId owner, ThreadId thread);

    db::Database& db_;
};

}  // namespace bb::tutor
