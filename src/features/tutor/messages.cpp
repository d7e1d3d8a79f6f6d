#include "features/tutor/messages.hpp"

namespace bb::tutor {
namespace {

// Every message of the thread, oldest first, but the text of the shown branch alone. The thread's row is
// there even when it has no message.
constexpr const char* load_sql =
    "WITH RECURSIVE t AS (SELECT id, leaf_id FROM threads "
    "WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL), "
    "chain AS (SELECT m.id, m.parent_id FROM t JOIN messages m ON m.id = t.leaf_id "
    "UNION ALL SELECT m.id, m.parent_id FROM chain c JOIN messages m ON m.id = c.parent_id) "
    "SELECT t.leaf_id, m.id, m.client_id, m.parent_id, m.role, m.state, m.created_at, "
    "CASE WHEN c.id IS NULL THEN '' ELSE m.text END, CASE WHEN c.id IS NULL THEN NULL ELSE m.sources END, "
    "m.mode, m.model, m.error "
    "FROM t LEFT JOIN messages m ON m.thread_id = t.id LEFT JOIN chain c ON c.id = m.id "
    "ORDER BY m.created_at, m.id";
constexpr const char* switch_sql =
    "UPDATE threads t SET leaf_id = $3, version = version + 1 WHERE t.owner_id = $1 AND t.id = $2 "
    "AND t.deleted_at IS NULL "
    "AND NOT EXISTS (SELECT FROM messages m WHERE m.thread_id = t.id AND m.state = 'streaming')";

#define MESSAGE_COLUMNS                                                                                \
    "NULL::uuid, m.id, m.client_id, m.parent_id, m.role, m.state, m.created_at, m.text, NULL::jsonb, " \
    "m.mode, m.model, m.error "
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
    return message;
}

}  // namespace

Task<std::optional<Messages::Whole>> Messages::load(UserId owner, ThreadId thread) {
    const auto rows = co_await db_.query(load_sql, owner, thread);
    if (rows.empty()) co_return std::nullopt;
    Whole whole;
    whole.leaf = rows[0].get<std::optional<MessageId>>(0);
    for (const auto row : rows) {
        if (!row.is_null(1)) whole.messages.push_back(read_message(row));
    }
    co_return whole;
}

Task<Result<std::vector<Shown>>> Messages::branch(UserId owner, ThreadId thread) {
    const auto whole = co_await load(owner, thread);
    if (!whole) co_return not_found("chat");
    co_return shown_branch(whole->messages, whole->leaf);
}

Task<Result<std::vector<Shown>>> Messages::switch_branch(UserId owner, ThreadId thread,
                                                         std::string client_id) {
    const auto whole = co_await load(owner, thread);
    if (!whole) co_return not_found("chat");
    const Message* wanted = nullptr;
    for (const auto& message : whole->messages) {
        if (message.client_id == client_id && message.state != ReplyState::streaming) wanted = &message;
    }
    if (!wanted) co_return not_found("message");
    const auto end = newest_end(whole->messages, wanted->id);
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
