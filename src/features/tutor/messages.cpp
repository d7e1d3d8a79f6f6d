#include "features/tutor/messages.hpp"

#include <algorithm>

namespace bb::tutor {
namespace {

/// A page of messages goes to about this size, so that one answer stays small; a single message may be
/// longer.
constexpr std::int64_t most_bytes = 200'000;

// From the leaf, or from above message $3, towards the root: at most $4 messages and about $5 bytes, each
// with the versions beside it. The thread's row is there even when it has no message.
constexpr const char* branch_sql =
    "WITH RECURSIVE t AS (SELECT id, leaf_id FROM threads "
    "WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL), "
    "chain AS (SELECT m.id, m.parent_id, 1 AS depth, "
    "octet_length(m.text) + coalesce(pg_column_size(m.sources), 0) AS bytes "
    "FROM t JOIN messages m ON m.thread_id = t.id AND m.id = "
    "CASE WHEN $3::uuid IS NULL THEN t.leaf_id ELSE (SELECT parent_id FROM messages WHERE id = $3) END "
    "UNION ALL SELECT m.id, m.parent_id, c.depth + 1, "
    "c.bytes + octet_length(m.text) + coalesce(pg_column_size(m.sources), 0) "
    "FROM chain c JOIN messages m ON m.id = c.parent_id WHERE c.depth < $4 AND c.bytes < $5) "
    "SELECT NULL::uuid, m.id, m.client_id, m.parent_id, m.role, m.state, m.created_at, m.text, m.sources, "
    "m.mode, m.model, m.error, m.proof, (SELECT p.client_id FROM messages p WHERE p.id = m.parent_id), "
    "CASE WHEN m.parent_id IS NULL THEN ARRAY(SELECT s.client_id FROM messages s "
    "WHERE s.thread_id = t.id AND s.parent_id IS NULL AND s.state <> 'streaming' ORDER BY s.created_at, "
    "s.id) "
    "ELSE ARRAY(SELECT s.client_id FROM messages s "
    "WHERE s.parent_id = m.parent_id AND s.state <> 'streaming' ORDER BY s.created_at, s.id) END "
    "FROM t LEFT JOIN chain c ON true LEFT JOIN messages m ON m.id = c.id ORDER BY c.depth DESC";
// The newest end of the branch through message $3: its newest child, that one's newest child, and so on.
constexpr const char* end_sql =
    "WITH RECURSIVE down AS (SELECT m.id, 1 AS depth FROM threads t JOIN messages m ON m.thread_id = t.id "
    "WHERE t.owner_id = $1 AND t.id = $2 AND t.deleted_at IS NULL AND m.client_id = $3 "
    "AND m.state <> 'streaming' "
    "UNION ALL SELECT n.id, d.depth + 1 FROM down d CROSS JOIN LATERAL "
    "(SELECT m.id FROM messages m WHERE m.parent_id = d.id AND m.state <> 'streaming' "
    "ORDER BY m.created_at DESC, m.id DESC LIMIT 1) n) "
    "SELECT id FROM down ORDER BY depth DESC LIMIT 1";
constexpr const char* owns_sql =
    "SELECT 1 FROM threads WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL";
constexpr const char* switch_sql =
    "UPDATE threads t SET leaf_id = $3, version = version + 1 WHERE t.owner_id = $1 AND t.id = $2 "
    "AND t.deleted_at IS NULL "
    "AND NOT EXISTS (SELECT FROM messages m WHERE m.thread_id = t.id AND m.state = 'streaming')";

#define MESSAGE_COLUMNS                                                                                \
    "NULL::uuid, m.id, m.client_id, m.parent_id, m.role, m.state, m.created_at, m.text, NULL::jsonb, " \
    "m.mode, m.model, m.error, NULL::jsonb "
constexpr const char* find_sql =
    "SELECT " MESSAGE_COLUMNS
    "FROM threads t JOIN messages m ON m.thread_id = t.id "
    "WHERE t.owner_id = $1 AND t.id = $2 AND t.deleted_at IS NULL AND m.client_id = $3";
constexpr const char* by_id_sql =
    "SELECT " MESSAGE_COLUMNS "FROM messages m WHERE m.owner_id = $1 AND m.id = $2";
constexpr const char* last_sql = "SELECT " MESSAGE_COLUMNS
                                 "FROM threads t JOIN messages m ON m.id = t.leaf_id "
                                 "WHERE t.owner_id = $1 AND t.id = $2 AND t.deleted_at IS NULL";
constexpr const char* beside_sql = "SELECT " MESSAGE_COLUMNS
                                   "FROM messages o JOIN messages m ON m.thread_id = o.thread_id "
                                   "WHERE o.owner_id = $1 AND o.id = $2 AND m.role = 'user' AND m.parent_id "
                                   "IS NOT DISTINCT FROM o.parent_id "
                                   "ORDER BY m.created_at DESC, m.id DESC";
Message read_message(const db::Row& row) {
    Message message;
    message.id = row.get<MessageId>(1);
    message.client_id = row.get<std::string>(2);
    message.parent = row.get<std::optional<MessageId>>(3);
    message.role = row.get<std::string>(4);
    message.state = reply_state(row.get<std::string_view>(5));
    message.created_at = row.get<Time>(6);
    message.text = row.get<std::string>(7);
    message.sources = row.get<std::optional<std::string>>(8).value_or("");
    message.mode = row.get<std::optional<std::string>>(9).value_or("");
    message.model = row.get<std::optional<std::string>>(10).value_or("");
    message.error = row.get<std::optional<std::string>>(11).value_or("");
    message.proof = row.get<std::optional<std::string>>(12).value_or("");
    return message;
}

Shown read_shown(const db::Row& row) {
    Shown shown;
    shown.message = read_message(row);
    shown.parent = row.get<std::optional<std::string>>(13).value_or("");
    shown.siblings = row.get<std::vector<std::string>>(14);
    const auto own = std::find(shown.siblings.begin(), shown.siblings.end(), shown.message.client_id);
    shown.index = static_cast<std::size_t>(own - shown.siblings.begin());
    return shown;
}

}  // namespace

Task<Result<BranchPage>> Messages::branch(UserId owner, ThreadId thread, int limit,
                                          std::optional<std::string> before) {
    std::optional<MessageId> above;
    if (before) {
        auto known = co_await find(owner, thread, *before);
        if (known) above = known->id;
    }
    const auto rows = co_await db_.query(branch_sql, owner, thread, above, limit, most_bytes);
    if (rows.empty()) co_return not_found("chat");
    if (before && !above) co_return bad_field("?before", "is not a message of this chat");
    BranchPage page;
    bool first = true;
    for (const auto row : rows) {
        if (row.is_null(1)) break;
        auto shown = read_shown(row);
        if (first && !shown.parent.empty()) page.earlier = shown.message.client_id;
        first = false;
        if (shown.message.state != ReplyState::streaming) page.messages.push_back(std::move(shown));
    }
    co_return page;
}

Task<Result<BranchPage>> Messages::switch_branch(UserId owner, ThreadId thread, std::string client_id) {
    const auto ends = co_await db_.query(end_sql, owner, thread, client_id);
    if (ends.empty()) {
        const auto mine = co_await db_.query(owns_sql, owner, thread);
        co_return not_found(mine.empty() ? "chat" : "message");
    }
    const auto end = ends[0].get<MessageId>(0);
    const auto changed = co_await db_.query(switch_sql, owner, thread, end);
    if (changed.affected() == 0)
        co_return Error(ErrorCode::conflict,
                        "A reply is being written in this chat. Wait for it or stop it first.");
    co_return co_await branch(owner, thread);
}

Task<Result<Message>> Messages::find(UserId owner, ThreadId thread, std::string client_id) {
    const auto rows = co_await db_.query(find_sql, owner, thread, client_id);
    if (rows.empty()) co_return not_found("message");
    co_return read_message(rows[0]);
}

Task<Result<Message>> Messages::by_id(UserId owner, MessageId id) {
    const auto rows = co_await db_.query(by_id_sql, owner, id);
    if (rows.empty()) co_return not_found("message");
    co_return read_message(rows[0]);
}

Task<std::optional<Message>> Messages::last(UserId owner, ThreadId thread) {
    const auto rows = co_await db_.query(last_sql, owner, thread);
    if (rows.empty()) co_return std::nullopt;
    co_return read_message(rows[0]);
}

Task<std::vector<Message>> Messages::questions_beside(UserId owner, Message message) {
    const auto rows = co_await db_.query(beside_sql, owner, message.id);
    std::vector<Message> found;
    for (const auto row : rows) found.push_back(read_message(row));
    co_return found;
}

}  // namespace bb::tutor
