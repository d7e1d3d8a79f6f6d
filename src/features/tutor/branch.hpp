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

/// A stretch of a branch, oldest first, without unfinished replies.
struct BranchPage {
    std::vector<Shown> messages;
    std::string earlier;  // client id before which the branch goes on, or empty when it begins here
};

/// `{"messages":[UIMessage],"earlier":id|null}`, messages as the AI SDK reads them.
std::string messages_json(const BranchPage& page);

}  // namespace bb::tutor
