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

/// How many messages are shown unless told.
constexpr int newest_shown = 200;

/// The messages of one person's threads.
class Messages {
public:
    explicit Messages(db::Database& db) : db_(db) {}

    /// The newest `limit` messages of the branch that is shown, or those before the message that clients call
    /// `before`; fewer when they are long. Errors: not_found, invalid_input (`before`).
    Task<Result<BranchPage>> branch(UserId owner, ThreadId thread, int limit = newest_shown,
                                    std::optional<std::string> before = std::nullopt);
    /// Shows the branch through the message that clients call `client_id`, to its newest end.
    /// Errors: not_found, conflict while a reply runs.
    Task<Result<BranchPage>> switch_branch(UserId owner, ThreadId thread, std::string client_id);
    /// A message without its sources. Errors: not_found.
    Task<Result<Message>> find(UserId owner, ThreadId thread, std::string client_id);
    Task<Result<Message>> by_id(UserId owner, MessageId id);
    /// The message with which the shown branch ends, or nullopt in an empty thread.
    Task<std::optional<Message>> last(UserId owner, ThreadId thread);
    /// Questions beside `message` (same parent), newest first.
    Task<std::vector<Message>> questions_beside(UserId owner, Message message);

private:
    db::Database& db_;
};

}  // namespace bb::tutor
