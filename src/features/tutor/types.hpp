#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/time.hpp"
#include "base/core/uuid.hpp"
#include "features/accounts/types.hpp"

namespace bb::tutor {

using accounts::UserId;
using ThreadId = Id<struct ThreadTag>;
/// A message's own key. Clients see its `client_id` instead, which is theirs for questions.
using MessageId = Id<struct MessageTag>;

/// A conversation as a list shows it.
struct Thread {
    ThreadId id;
    std::string title;
    std::vector<Uuid> materials;  // empty: all active materials of the owner
    Time created_at;
    Time updated_at;
    bool temporary = false;       // in no list; known for a single one only
    bool only_materials = false;  // no answers from general knowledge; known for a single one only
    std::int32_t version = 0;     // known for a single one only
};

/// How a reply stands or ended.
enum class ReplyState { streaming, complete, stopped, interrupted, failed };
std::string_view name_of(ReplyState state);
/// Throws std::logic_error for a word that is not a state.
ReplyState reply_state(std::string_view name);

/// A message of a thread with its place in the tree.
struct Message {
    MessageId id;
    std::string client_id;
    std::optional<MessageId> parent;
    std::string role;  // "user" or "assistant"
    std::string text;
    std::string sources;  // JSON array of source-document parts, or empty
    std::string proof;    // data-proof part as JSON, or empty
    ReplyState state = ReplyState::complete;
    std::string mode;   // "model", "extractive", or empty for questions
    std::string model;  // empty: none
    std::string error;  // sentence for the person, or empty
    Time created_at;
};

/// One earlier message as the prompt sees it.
struct Turn {
    std::string role;
    std::string text;
};

}  // namespace bb::tutor
