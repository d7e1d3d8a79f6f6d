#pragma once
#include <string>

#include "base/core/time.hpp"
#include "base/core/uuid.hpp"

namespace bb::personal {

/// For how many months what nobody uses is kept; 0: for ever.
struct Months {
    int chats = 0;
    int materials = 0;
};

/// Something that is kept no longer.
struct Expired {
    std::string kind;  // "chat", "material"
    Uuid id;
    Uuid owner;
    Time last_used;
};

/// How many of a kind go in one statement.
inline constexpr int expired_at_once = 200;

}  // namespace bb::personal
