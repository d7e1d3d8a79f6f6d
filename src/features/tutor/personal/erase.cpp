#include "features/tutor/personal/personal.hpp"

namespace bb::tutor {
namespace {

// No foreign key takes these along.
constexpr const char* chunks_sql =
    "DELETE FROM reply_chunks WHERE message_id IN (SELECT id FROM messages WHERE owner_id = $1)";
constexpr const char* threads_sql =
    "DELETE FROM threads WHERE id IN (SELECT id FROM threads WHERE owner_id = $1 LIMIT 20)";

}  // namespace

Task<void> PersonalChats::erase(db::Database& db, Uuid owner) {
    co_await db.query(chunks_sql, owner);
    for (;;) {
        const auto gone = co_await db.query(threads_sql, owner);
        if (gone.affected() == 0) co_return;
    }
}

}  // namespace bb::tutor
