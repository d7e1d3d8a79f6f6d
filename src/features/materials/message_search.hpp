#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/core/task.hpp"
#include "features/materials/types.hpp"

namespace bb::materials {

/// A message of a conversation that a search found.
struct FoundMessage {
    Uuid thread;
    std::string message;  // its id as clients know it
    std::string thread_title;
    std::int32_t start = 0;  // code points of `text` in the message
    std::int32_t end = 0;
    std::string text;  // the part of the message around the words
    double score = 0;
    std::vector<std::pair<std::int32_t, std::int32_t>> highlights;  // code points in `text`
};

/// A conversation that a search found by its title.
struct FoundThread {
    Uuid thread;
    std::string title;
    double score = 0;
    std::vector<std::pair<std::int32_t, std::int32_t>> highlights;  // code points in `title`
};

/// Finds messages and conversations by words. The search route asks it for the threads part; whoever owns the
/// messages implements it.
class MessageSearch {
public:
    virtual ~MessageSearch() = default;
    /// Best first, at most `limit`, only messages of the owner in threads that are not deleted.
    virtual Task<std::vector<FoundMessage>> messages(UserId owner, std::string words, int limit) = 0;
    /// Threads of the owner whose title holds every word, best first, at most `limit`; none that is deleted
    /// or temporary.
    virtual Task<std::vector<FoundThread>> titled(UserId owner, std::string words, int limit) = 0;
};

}  // namespace bb::materials
