#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "features/tutor/types.hpp"

namespace bb::tutor {

using http::IfMatch;

/// What may be given for a thread; absent fields stay as they are.
struct ThreadInput {
    std::optional<std::string> title;
    std::optional<std::vector<Uuid>> materials;
    std::optional<bool> only_materials;
    bool temporary = false;  // of a new one
};

/// Where a page of the list ends.
struct ThreadCursor {
    Time updated_at;
    ThreadId id;
};
std::string to_text(const ThreadCursor& cursor);
/// Errors: invalid_input.
Result<ThreadCursor> thread_cursor(std::string_view text);

struct ThreadPage {
    std::vector<Thread> threads;  // latest activity first
    std::optional<ThreadCursor> next;
};

/// Conversations of one person. A deleted thread looks missing until it is restored.
class Threads {
public:
    explicit Threads(db::Database& db) : db_(db) {}

    Task<ThreadPage> list(UserId owner, int limit, std::optional<ThreadCursor> after);
    /// Like list, but only threads whose title holds `words`.
    Task<ThreadPage> find_titled(UserId owner, std::string words, int limit,
                                 std::optional<ThreadCursor> after);
    /// Errors: not_found.
    Task<Result<Thread>> find(UserId owner, ThreadId id);
    /// Errors: not_found, stale.
    Task<Result<Thread>> find(UserId owner, ThreadId id, IfMatch condition);
    /// Errors: invalid_input when a material is not the owner's.
    Task<Result<Thread>> create(UserId owner, ThreadId id, ThreadInput input);
    /// Errors: not_found, stale, invalid_input.
    Task<Result<Thread>> change(UserId owner, ThreadId id, ThreadInput input, IfMatch condition);
    /// Errors: not_found, stale.
    Task<Result<void>> remove(UserId owner, ThreadId id, IfMatch condition);
    /// Errors: not_found.
    Task<Result<Thread>> restore(UserId owner, ThreadId id);
    /// Replaces a title nobody has chosen yet.
    Task<void> suggest_title(UserId owner, ThreadId id, std::string title);
    /// Nullopt when all `materials` are the owner's and not deleted, else the 422.
    Task<std::optional<Error>> check_materials(UserId owner, std::vector<Uuid> materials);

private:
    Task<Error> gone_or_stale(UserId owner, ThreadId id);

    db::Database& db_;
};

/// How long deleted chats can be restored.
constexpr std::chrono::hours keep_deleted_threads{24 * 30};

/// Removes for good, with their messages, at most `limit` chats that were deleted longer ago than `age`,
/// whoever owns them. Returns how many.
Task<std::int64_t> purge_deleted_of_any_owner(db::Database& db, std::chrono::seconds age, int limit = 200);

/// How long a temporary chat stays after its last message.
constexpr std::chrono::hours keep_temporary_threads{24};

/// The same for temporary chats that nobody has written in for `age`.
Task<std::int64_t> purge_temporary_of_any_owner(db::Database& db, std::chrono::seconds age, int limit = 200);

}  // namespace bb::tutor
