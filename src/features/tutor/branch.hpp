#pragma once
#include <string>
#include <vector>

#include "features/tutor/types.hpp"

namespace bb::tutor {

/// One message of the branch that is shown, with the versions that stand beside it.
struct Shown {
    Message message;
    std::string parent;                 // client id, or empty for the first message
    std::vector<std::string> siblings;  // client ids, oldest first, this one included
    std::size_t index = 0;              // of this one in siblings
};

/// The messages from the root to `leaf`, given a whole thread, oldest first. Unfinished replies are left out.
/// An unknown or absent leaf gives the branch of the newest message.
std::vector<Shown> shown_branch(const std::vector<Message>& thread, std::optional<MessageId> leaf);

/// Where a branch through `message` ends: its newest child, that one's newest child, and so on.
MessageId newest_end(const std::vector<Message>& thread, MessageId message);

/// `{"messages":[UIMessage]}` as the AI SDK reads it.
std::string messages_json(const std::vector<Shown>& branch);

}  // namespace bb::tutor
