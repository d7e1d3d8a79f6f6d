#include "features/tutor/reply_store.hpp"

namespace bb::tutor {
namespace {

// A reply that was taken over by another server takes nothing more from this one.
constexpr const char* append_sql =
    "WITH put AS (INSERT INTO reply_chunks (message_id, seq, text, sources) "
    "SELECT m.id, s, t, nullif(c, '')::jsonb FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[]) "
    "AS x (id, s, t, c) JOIN messages m ON m.id = x.id AND m.state = 'streaming' AND m.boot = $1 "
    "ON CONFLICT (message_id, seq) DO NOTHING) "
    "SELECT pg_notify('reply_progress', n::text)::text FROM unnest($6::uuid[]) n";
// An ending that is repeated, or comes after another server has taken the reply over, finds the row changed
// and does nothing: neither to the row nor to the chunks, which may be those of a new run.
constexpr const char* end_sql =
    "WITH ended AS (UPDATE messages m SET state = x.state, text = x.text, "
    "sources = nullif(x.sources, '')::jsonb, proof = nullif(x.proof, '')::jsonb, "
    "error = nullif(x.error, ''), "
    "finish_reason = nullif(x.reason, ''), "
    "prompt_tokens = nullif(x.prompt, -1), answer_tokens = nullif(x.answer, -1), boot = NULL "
    "FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], "
    "$9::bigint[], $11::text[]) AS x (id, state, text, sources, error, reason, prompt, answer, proof) "
    "WHERE m.id = x.id AND m.state = 'streaming' AND m.boot = $1 RETURNING m.id), "
    "gone AS (DELETE FROM reply_chunks WHERE message_id IN (SELECT id FROM ended)) "
    "SELECT id, CASE WHEN id = ANY($10::uuid[]) THEN pg_notify('reply_progress', id::text)::text END "
    "FROM ended";
constexpr const char* standing_sql =
    "SELECT id, state, error, finish_reason, prompt_tokens, answer_tokens FROM messages WHERE id = ANY($1)";
constexpr const char* read_sql =
    "SELECT m.id, m.client_id, m.state, "
    "m.text || coalesce((SELECT string_agg(c.text, '' ORDER BY c.seq) FROM reply_chunks c "
    "WHERE c.message_id = m.id AND m.state = 'streaming'), ''), "
    "coalesce(m.sources, '[]') || coalesce((SELECT jsonb_agg(s ORDER BY c.seq) FROM reply_chunks c, "
    "jsonb_array_elements(c.sources) s WHERE c.message_id = m.id AND m.state = 'streaming'), '[]'), "
    "m.mode, m.model, m.error, m.finish_reason, m.prompt_tokens, m.answer_tokens, m.created_at, m.proof "
    "FROM messages m WHERE m.id = $2 AND m.owner_id = $1";
constexpr const char* running_sql =
    "SELECT m.id FROM messages m JOIN threads t ON t.id = m.thread_id "
    "WHERE m.thread_id = $2 AND m.owner_id = $1 AND m.state = 'streaming' AND t.deleted_at IS NULL";
constexpr const char* newest_reply_sql =
    "SELECT id FROM messages WHERE parent_id = $2 AND owner_id = $1 AND role = 'assistant' "
    "ORDER BY created_at DESC, id DESC LIMIT 1";
constexpr const char* owns_sql =
    "SELECT 1 FROM threads WHERE owner_id = $1 AND id = $2 AND deleted_at IS NULL";
constexpr const char* notify_sql = "SELECT pg_notify($1, $2)::text";

std::string optional_text(const db::Row& row, int column) {
    return row.get<std::optional<std::string>>(column).value_or("");
}

std::optional<MessageId> first_id(const db::Rows& rows) {
    if (rows.empty()) return std::nullopt;
    return rows[0].get<MessageId>(0);
}

}  // namespace

Task<void> ReplyStore::append(Uuid boot, std::vector<Chunk> chunks, std::vector<Uuid> notify) {
    std::vector<Uuid> ids;
    std::vector<std::int32_t> offsets;
    std::vector<std::string_view> texts;
    std::vector<std::string_view> sources;
    for (const auto& chunk : chunks) {
        ids.push_back(chunk.reply.value);
        offsets.push_back(chunk.at);
        texts.push_back(chunk.text);
        sources.push_back(chunk.sources);
    }
    co_await db_.query(append_sql, boot, ids, offsets, texts, sources, notify);
}

Task<std::vector<MessageId>> ReplyStore::end(Uuid boot, std::vector<Ending> endings,
                                             std::vector<Uuid> notify) {
    std::vector<Uuid> ids;
    std::vector<std::string_view> states, texts, sources, proofs, errors, reasons;
    std::vector<std::int64_t> prompts, answers;
    for (const auto& ending : endings) {
        ids.push_back(ending.reply.value);
        states.push_back(name_of(ending.state));
        texts.push_back(ending.text);
        sources.push_back(ending.sources);
        proofs.push_back(ending.proof);
        errors.push_back(ending.error);
        reasons.push_back(ending.finish_reason);
        prompts.push_back(ending.prompt_tokens);
        answers.push_back(ending.answer_tokens);
    }
    const auto rows = co_await db_.query(end_sql, boot, ids, states, texts, sources, errors, reasons, prompts,
                                         answers, notify, proofs);
    std::vector<MessageId> ended;
    for (const auto row : rows) ended.push_back(row.get<MessageId>(0));
    co_return ended;
}

Task<std::vector<Ending>> ReplyStore::standing_of_any_owner(std::vector<Uuid> replies) {
    std::vector<Ending> standing;
    for (const auto row : co_await db_.query(standing_sql, replies)) {
        Ending one;
        one.reply = row.get<MessageId>(0);
        one.state = reply_state(row.get<std::string_view>(1));
        one.error = optional_text(row, 2);
        one.finish_reason = optional_text(row, 3);
        one.prompt_tokens = row.get<std::optional<std::int64_t>>(4).value_or(-1);
        one.answer_tokens = row.get<std::optional<std::int64_t>>(5).value_or(-1);
        standing.push_back(std::move(one));
    }
    co_return standing;
}

Task<std::optional<StoredReply>> ReplyStore::read(UserId owner, MessageId reply) {
    const auto rows = co_await db_.query(read_sql, owner, reply);
    if (rows.empty()) co_return std::nullopt;
    const auto row = rows[0];
    StoredReply stored;
    stored.id = row.get<MessageId>(0);
    stored.client_id = row.get<std::string>(1);
    stored.state = reply_state(row.get<std::string_view>(2));
    stored.text = row.get<std::string>(3);
    stored.sources = row.get<std::string>(4);
    stored.mode = optional_text(row, 5);
    stored.model = optional_text(row, 6);
    stored.error = optional_text(row, 7);
    stored.finish_reason = optional_text(row, 8);
    stored.prompt_tokens = row.get<std::optional<std::int64_t>>(9);
    stored.answer_tokens = row.get<std::optional<std::int64_t>>(10);
    stored.created_at = row.get<Time>(11);
    stored.proof = optional_text(row, 12);
    co_return stored;
}

Task<std::optional<MessageId>> ReplyStore::running(UserId owner, ThreadId thread) {
    const auto rows = co_await db_.query(running_sql, owner, thread);
    co_return first_id(rows);
}

Task<std::optional<MessageId>> ReplyStore::newest_reply(UserId owner, MessageId question) {
    const auto rows = co_await db_.query(newest_reply_sql, owner, question);
    co_return first_id(rows);
}

Task<bool> ReplyStore::owns(UserId owner, ThreadId thread) {
    const auto rows = co_await db_.query(owns_sql, owner, thread);
    co_return !rows.empty();
}

Task<void> ReplyStore::notify(const char* channel, MessageId reply) {
    co_await db_.query(notify_sql, channel, reply.text());
}

}  // namespace bb::tutor
