#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/tutor/types.hpp"

namespace bb::tutor {

/// What makes the reply, as its row says it.
struct Maker {
    Uuid boot;         // of this server
    std::string mode;  // "model" or "extractive"
    std::string model;
};

/// A question to store with the empty reply it gets.
struct NewQuestion {
    std::string client_id;
    std::string text;
    std::string title;            // for a thread that has none yet
    bool temporary = false;       // for a new thread
    bool only_materials = false;  // for a new thread
    /// Set: hang under this message (an edit; nullopt inside: the first message). Unset: end of the shown
    /// branch.
    std::optional<std::optional<MessageId>> parent;
};

/// A reply that has just been stored and is to be generated.
struct Begun {
    MessageId reply;
    std::string client_id;  // of the reply
    Time created_at;
    std::vector<Turn> history;  // oldest first, without the new question
    std::string text;           // what the reply holds already (when it is continued)
    std::string sources;        // and cites, as a JSON array
    bool chosen = false;        // only `materials` may be read
    std::vector<Uuid> materials;
    bool only_materials = false;
    bool untitled = false;  // nobody named the thread, so a better title is welcome
    std::string language;   // of the person: "en" or "fil"
};

/// Why nothing was begun. `taken`: the question's id is in use or a reply runs; look which.
enum class BeginFault { no_thread, taken };
using BeginResult = boost::system::result<Begun, BeginFault>;
[[noreturn]] inline void throw_exception_from_error(BeginFault, const boost::source_location&) {
    throw std::logic_error("unhandled begin fault");
}

/// Each begins one reply in a single statement, so that it is stored before the model hears of it, and
/// refuses when another reply runs in the thread.
class Exchange {
public:
    explicit Exchange(db::Database& db) : db_(db) {}

    /// Stores the question and its empty reply; makes the thread when it is new.
    Task<BeginResult> ask(UserId owner, ThreadId thread, NewQuestion question, Maker maker);
    /// A further reply to the question `to`.
    Task<BeginResult> ask_again(UserId owner, ThreadId thread, MessageId to, Maker maker);
    /// Goes on with a reply that ended early and that nothing follows.
    Task<BeginResult> go_on(UserId owner, ThreadId thread, MessageId reply, Maker maker);
    /// The materials the thread reads from now on; they must have been checked.
    Task<void> choose(UserId owner, ThreadId thread, std::vector<Uuid> materials);

private:
    db::Database& db_;
};

}  // namespace bb::tutor
