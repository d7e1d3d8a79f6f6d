#include "base/core/json_writer.hpp"
#include "features/tutor/personal/personal.hpp"

namespace bb::tutor {
namespace {

using personal::Archive;

constexpr const char* own_threads_sql =
    "SELECT t.id, (SELECT min(i.original_id::text) FROM imported i WHERE i.owner_id = $1 AND i.made_id = "
    "t.id), "
    "t.title, t.title_source, t.temporary, "
    "(SELECT l.client_id FROM messages l WHERE l.id = t.leaf_id AND l.state <> 'streaming'), "
    "CASE WHEN t.chosen THEN ARRAY(SELECT m.material_id FROM thread_materials m WHERE m.thread_id = t.id "
    "ORDER BY m.material_id) ELSE '{}'::uuid[] END, t.created_at, t.updated_at, t.leaf_id, t.only_materials "
    "FROM threads t WHERE t.owner_id = $1 AND t.id > $2 AND t.deleted_at IS NULL ORDER BY t.id LIMIT 100";
// What is being written at this moment is not there yet.
constexpr const char* messages_sql =
    "SELECT m.client_id, (SELECT p.client_id FROM messages p WHERE p.id = m.parent_id), m.role, m.text, "
    "m.sources, m.state, m.mode, m.model, m.error, m.finish_reason, m.prompt_tokens, m.answer_tokens, "
    "m.created_at, m.id FROM messages m WHERE m.owner_id = $1 AND m.thread_id = $2 "
    "AND m.state <> 'streaming' AND (m.created_at, m.id) > ($3, $4) ORDER BY m.created_at, m.id LIMIT 20";
constexpr const char* shown_sql =
    "WITH RECURSIVE chain AS (SELECT id, parent_id, 1 AS depth FROM messages WHERE owner_id = $1 AND id = $2 "
    "UNION ALL SELECT m.id, m.parent_id, c.depth + 1 FROM chain c JOIN messages m ON m.id = c.parent_id) "
    "SELECT id FROM chain ORDER BY depth DESC";
constexpr const char* text_sql = "SELECT role, text FROM messages WHERE owner_id = $1 AND id = $2";

void write_message(JsonWriter& json, const db::Row& row) {
    using Text = std::optional<std::string>;
    using Count = std::optional<std::int64_t>;
    json.object()
        .field("id", row.get<std::string>(0))
        .field("parent", row.get<Text>(1))
        .field("role", row.get<std::string>(2))
        .field("text", row.get<std::string>(3))
        .key("sources");
    if (row.is_null(4))
        json.null();
    else
        json.raw(row.get<std::string_view>(4));
    json.field("state", row.get<std::string>(5))
        .field("mode", row.get<Text>(6))
        .field("model", row.get<Text>(7))
        .field("error", row.get<Text>(8))
        .field("finishReason", row.get<Text>(9))
        .field("promptTokens", row.get<Count>(10))
        .field("answerTokens", row.get<Count>(11))
        .field("createdAt", row.get<Time>(12))
        .end();
}

/// The object of a chat up to its list of messages, which stays open.
std::string head_of(const db::Row& row) {
    JsonWriter json;
    json.object().field("id", row.get<Uuid>(0));
    if (!row.is_null(1)) json.field("originalId", row.get<std::string>(1));
    json.field("title", row.get<std::string>(2))
        .field("titleSource", row.get<std::string>(3))
        .field("temporary", row.get<bool>(4))
        .field("onlyMaterials", row.get<bool>(10))
        .field("shown", row.get<std::optional<std::string>>(5))
        .key("materialIds")
        .array();
    for (const auto& id : row.get<std::vector<Uuid>>(6)) json.value(id);
    json.end().field("createdAt", row.get<Time>(7)).field("updatedAt", row.get<Time>(8));
    return json.take() + ",\"messages\":[";
}

Task<void> write_json(db::Transaction& tx, Uuid owner, Uuid thread, std::string head, Archive& archive) {
    co_await archive.begin("chats/" + thread.text() + "/chat.json");
    co_await archive.append(std::move(head));
    Time after{};
    bool first = true;
    for (Uuid last;;) {
        const auto rows = co_await tx.query(messages_sql, owner, thread, after, last);
        if (rows.empty()) break;
        std::string text;
        for (const auto row : rows) {
            JsonWriter json;
            write_message(json, row);
            text += first ? "" : ",";
            text += json.text();
            first = false;
            after = row.get<Time>(12);
            last = row.get<Uuid>(13);
        }
        co_await archive.append(std::move(text));
    }
    co_await archive.append("]}");
}

/// The branch that is shown, for people to read.
Task<void> write_markdown(db::Transaction& tx, Uuid owner, Uuid thread, std::string title,
                          std::optional<Uuid> leaf, Archive& archive) {
    co_await archive.begin("chats/" + thread.text() + "/chat.md");
    co_await archive.append(personal::markdown_title(title));
    const auto shown = co_await tx.query(shown_sql, owner, leaf);
    for (const auto one : shown) {
        const auto id = one.get<Uuid>(0);
        const auto rows = co_await tx.query(text_sql, owner, id);
        if (rows.empty()) continue;
        const bool asked = rows[0].get<std::string_view>(0) == "user";
        std::string text = asked ? "**You**\n\n" : "**BrainBytes**\n\n";
        text += rows[0].get<std::string_view>(1);
        text += "\n\n";
        co_await archive.append(std::move(text));
    }
}

}  // namespace

Task<void> PersonalChats::write(db::Transaction& tx, Uuid owner, Archive& archive) {
    for (Uuid after;;) {
        const auto rows = co_await tx.query(own_threads_sql, owner, after);
        if (rows.empty()) co_return;
        for (const auto row : rows) {
            after = row.get<Uuid>(0);
            co_await write_json(tx, owner, after, head_of(row), archive);
            co_await write_markdown(tx, owner, after, row.get<std::string>(2),
                                    row.get<std::optional<Uuid>>(9), archive);
        }
    }
}

}  // namespace bb::tutor
