#include "features/tutor/exchange.hpp"

namespace bb::tutor {
namespace {

// The messages from $start up to the root, and what the prompt needs to know of thread and person. `thread`
// must stand before; a thread without history still gives one row.
#define CHAIN(start)                                                                                     \
    "chain AS (SELECT m.id, m.parent_id, m.role, m.text, 1 AS depth FROM messages m WHERE m.id = " start \
    " "                                                                                                  \
    "UNION ALL SELECT m.id, m.parent_id, m.role, m.text, c.depth + 1 "                                   \
    "FROM chain c JOIN messages m ON m.id = c.parent_id WHERE c.depth < 40) "
#define BEGUN                                                                                              \
    "SELECT now(), th.chosen, CASE WHEN th.chosen THEN ARRAY(SELECT tm.material_id FROM thread_materials " \
    "tm "                                                                                                  \
    "WHERE tm.thread_id = th.id) ELSE '{}'::uuid[] END, th.title_source IN ('default', 'words') AND NOT "  \
    "th.temporary, "                                                                                       \
    "(SELECT u.language FROM users u WHERE u.id = $2), c.role, left(c.text, 16000), th.only_materials "

// The upsert locks the thread, so of two simultaneous sends the second sees the first's leaf, or its running
// reply, and gives up.
constexpr const char* ask_sql =
    "WITH RECURSIVE before AS (SELECT leaf_id FROM threads "
    "WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL), "
    "place AS (SELECT CASE WHEN $9 THEN $10::uuid ELSE (SELECT leaf_id FROM before) END AS parent_id), "
    "th AS (INSERT INTO threads AS t (id, owner_id, title, title_source, leaf_id, temporary, only_materials) "
    "VALUES ($1, $2, $3, 'words', $4, $14, $15) ON CONFLICT (id) DO UPDATE "
    "SET leaf_id = $4, updated_at = now(), version = t.version + 1, "
    "title = CASE t.title_source WHEN 'default' THEN EXCLUDED.title ELSE t.title END, "
    "title_source = CASE t.title_source WHEN 'default' THEN 'words' ELSE t.title_source END "
    "WHERE t.owner_id = $2 AND t.deleted_at IS NULL "
    "AND t.leaf_id IS NOT DISTINCT FROM (SELECT leaf_id FROM before) "
    "RETURNING t.id, t.chosen, t.title_source, t.temporary, t.only_materials), "
    "question AS (INSERT INTO messages (id, thread_id, owner_id, client_id, parent_id, role, text, state) "
    "SELECT $6, th.id, $2, $7, place.parent_id, 'user', $8, 'complete' FROM th, place), "
    "reply AS (INSERT INTO messages "
    "(id, thread_id, owner_id, client_id, parent_id, role, text, state, boot, mode, model) "
    "SELECT $4, th.id, $2, $5, $6, 'assistant', '', 'streaming', $11, $12, $13 FROM th), " CHAIN(
        "(SELECT parent_id FROM place)") BEGUN "FROM th LEFT JOIN chain c ON true ORDER BY c.depth DESC";

constexpr const char* ask_again_sql =
    "WITH RECURSIVE th AS (UPDATE threads t SET leaf_id = $4, updated_at = now(), version = version + 1 "
    "WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL "
    "AND EXISTS (SELECT FROM messages m WHERE m.id = $3 AND m.thread_id = t.id AND m.role = 'user') "
    "RETURNING t.id, t.chosen, t.title_source, t.temporary, t.only_materials), "
    "reply AS (INSERT INTO messages "
    "(id, thread_id, owner_id, client_id, parent_id, role, text, state, boot, mode, model) "
    "SELECT $4, th.id, $2, $5, $3, 'assistant', '', 'streaming', $6, $7, $8 FROM th), " CHAIN("$3") BEGUN
    "FROM th LEFT JOIN chain c ON true ORDER BY c.depth DESC";

// Left-over chunks of the earlier run go in the same statement: the new ones count on from the text's length.
constexpr const char* go_on_sql =
    "WITH RECURSIVE reply AS (UPDATE messages m SET state = 'streaming', boot = $4, mode = $5, model = $6, "
    "error = NULL FROM threads t WHERE m.id = $3 AND m.thread_id = $1 AND m.owner_id = $2 "
    "AND t.id = m.thread_id AND t.deleted_at IS NULL "
    "AND m.role = 'assistant' AND m.state IN ('stopped', 'interrupted', 'failed') "
    "AND NOT EXISTS (SELECT FROM messages f WHERE f.parent_id = m.id) "
    "RETURNING m.parent_id, m.text, m.sources, m.client_id, m.created_at), "
    "th AS (UPDATE threads SET leaf_id = $3, updated_at = now(), version = version + 1 "
    "WHERE id = $1 AND EXISTS (SELECT FROM reply) RETURNING id, chosen, title_source, temporary, "
    "only_materials), "
    "gone AS (DELETE FROM reply_chunks WHERE message_id = $3 AND EXISTS (SELECT FROM reply)), " CHAIN(
        "(SELECT parent_id FROM reply)") BEGUN
    ", r.text, r.sources, r.client_id, r.created_at "
    "FROM th CROSS JOIN reply r LEFT JOIN chain c ON true ORDER BY c.depth DESC";

constexpr const char* choose_sql =
    "WITH t AS (UPDATE threads SET chosen = cardinality($3::uuid[]) > 0, version = version + 1 "
    "WHERE id = $1 AND owner_id = $2 RETURNING id), "
    "gone AS (DELETE FROM thread_materials m USING t WHERE m.thread_id = t.id AND m.material_id <> ALL($3)) "
    "INSERT INTO thread_materials (thread_id, material_id) "
    "SELECT t.id, m FROM t, unnest($3::uuid[]) m ON CONFLICT DO NOTHING";

Begun read_begun(const db::Rows& rows) {
    Begun begun;
    begun.created_at = rows[0].get<Time>(0);
    begun.chosen = rows[0].get<bool>(1);
    begun.materials = rows[0].get<std::vector<Uuid>>(2);
    begun.untitled = rows[0].get<bool>(3);
    begun.language = rows[0].get<std::optional<std::string>>(4).value_or("en");
    begun.only_materials = rows[0].get<bool>(7);
    for (const auto row : rows) {
        if (row.is_null(5)) continue;
        Turn turn;
        turn.role = row.get<std::string>(5);
        turn.text = row.get<std::string>(6);
        if (!turn.text.empty()) begun.history.push_back(std::move(turn));
    }
    return begun;
}

/// A reply's own client id: short, and never one that a client would choose by chance.
std::string reply_client_id(MessageId id) {
    return id.text();
}

}  // namespace

Task<BeginResult> Exchange::ask(UserId owner, ThreadId thread, NewQuestion question, Maker maker) {
    const auto reply = MessageId::make();
    const auto client_id = reply_client_id(reply);
    const bool placed = question.parent.has_value();
    const auto parent = question.parent.value_or(std::nullopt);
    db::Rows rows;
    try {
        rows = co_await db_.query(ask_sql, thread, owner, question.title, reply, client_id, MessageId::make(),
                                  question.client_id, question.text, placed, parent, maker.boot, maker.mode,
                                  maker.model, question.temporary, question.only_materials);
    } catch (const db::UniqueViolation&) {
        co_return BeginFault::taken;
    }
    if (rows.empty()) co_return BeginFault::no_thread;
    auto begun = read_begun(rows);
    begun.reply = reply;
    begun.client_id = client_id;
    co_return begun;
}

Task<BeginResult> Exchange::ask_again(UserId owner, ThreadId thread, MessageId to, Maker maker) {
    const auto reply = MessageId::make();
    const auto client_id = reply_client_id(reply);
    db::Rows rows;
    try {
        rows = co_await db_.query(ask_again_sql, thread, owner, to, reply, client_id, maker.boot, maker.mode,
                                  maker.model);
    } catch (const db::UniqueViolation&) {
        co_return BeginFault::taken;
    }
    if (rows.empty()) co_return BeginFault::no_thread;
    auto begun = read_begun(rows);
    begun.reply = reply;
    begun.client_id = client_id;
    co_return begun;
}

Task<BeginResult> Exchange::go_on(UserId owner, ThreadId thread, MessageId reply, Maker maker) {
    db::Rows rows;
    try {
        rows = co_await db_.query(go_on_sql, thread, owner, reply, maker.boot, maker.mode, maker.model);
    } catch (const db::UniqueViolation&) {
        co_return BeginFault::taken;
    }
    if (rows.empty()) co_return BeginFault::no_thread;
    auto begun = read_begun(rows);
    begun.reply = reply;
    begun.text = rows[0].get<std::string>(8);
    begun.sources = rows[0].get<std::optional<std::string>>(9).value_or("");
    begun.client_id = rows[0].get<std::string>(10);
    begun.created_at = rows[0].get<Time>(11);
    co_return begun;
}

Task<void> Exchange::choose(UserId owner, ThreadId thread, std::vector<Uuid> materials) {
    co_await db_.query(choose_sql, thread, owner, materials);
}

}  // namespace bb::tutor
