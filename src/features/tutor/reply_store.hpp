#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/tutor/types.hpp"

namespace bb::tutor {

/// A piece of a reply that still streams.
struct Chunk {
    MessageId reply;
    std::int32_t at = 0;  // byte offset in the reply
    std::string text;
    std::string sources;  // JSON array of the parts cited for the first time here, or empty
};

/// How a reply ended.
struct Ending {
    MessageId reply;
    ReplyState state = ReplyState::complete;
    std::string text;     // all of it
    std::string sources;  // JSON array, or empty
    std::string proof;    // JSON part, or empty
    std::string error;
    std::string finish_reason;
    std::int64_t prompt_tokens = -1;  // -1: unknown
    std::int64_t answer_tokens = -1;
    std::string request = {};  // id of the one that it was written for, for the log
};

/// A reply as the database holds it now, with the chunks folded in.
struct StoredReply {
    MessageId id;
    std::string client_id;
    ReplyState state = ReplyState::complete;
    std::string text;
    std::string sources;  // JSON array, or empty
    std::string proof;    // JSON part, or empty
    std::string mode;
    std::string model;
    std::string error;
    std::string finish_reason;
    std::optional<std::int64_t> prompt_tokens;
    std::optional<std::int64_t> answer_tokens;
    Time created_at;
};

/// Rows of replies while they stream and when they end.
class ReplyStore {
public:
    explicit ReplyStore(db::Database& db) : db_(db) {}

    /// Stores all chunks of replies that `boot` makes in one statement (again is harmless) and tells other
    /// nodes about `notify`.
    Task<void> append(Uuid boot, std::vector<Chunk> chunks, std::vector<Uuid> notify);
    /// Ends replies that `boot` makes, all in one statement, and tells other nodes about `notify`. Returns
    /// those it has ended: not one that has ended already, or that is another server's by now. Again is
    /// harmless.
    Task<std::vector<MessageId>> end(Uuid boot, std::vector<Ending> endings, std::vector<Uuid> notify);
    /// How these replies stand, without text and sources; a missing one is gone with its thread.
    Task<std::vector<Ending>> standing_of_any_owner(std::vector<Uuid> replies);
    Task<std::optional<StoredReply>> read(UserId owner, MessageId reply);
    /// The reply that runs in the thread, or nullopt.
    Task<std::optional<MessageId>> running(UserId owner, ThreadId thread);
    /// The newest reply to a question.
    Task<std::optional<MessageId>> newest_reply(UserId owner, MessageId question);
    /// True when the thread is the owner's and not deleted.
    Task<bool> owns(UserId owner, ThreadId thread);
    Task<void> notify(const char* channel, MessageId reply);

private:
    db::Database& db_;
};

}  // namespace bb::tutor
