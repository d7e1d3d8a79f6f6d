#include <fmt/format.h>

#include "base/core/log.hpp"
#include "operations/watch/messages.hpp"

namespace bb::watch {
namespace {

// Taken for a minute: a node that dies with a message in hand sends it twice rather than never.
constexpr const char* take_sql =
    "UPDATE alarm_messages m SET tries = tries + 1, "
    "next_try = $1::timestamptz + least(interval '30 minutes', interval '10 seconds' * power(2, tries)) "
    "FROM (SELECT id FROM alarm_messages WHERE sent_at IS NULL AND next_try <= $1 "
    "AND created_at > $1::timestamptz - interval '1 day' ORDER BY next_try LIMIT 20 FOR UPDATE SKIP LOCKED) "
    "AS due WHERE m.id = due.id RETURNING m.id, m.channel, m.target, m.payload::text";

constexpr std::size_t longest_fault = 500;

}  // namespace

Task<int> deliver_due(db::Database& db, Deliver deliver, Time now) {
    const auto taken = co_await db.query(take_sql, now);
    for (const auto row : taken) {
        const Message message{row.get<Uuid>(0), row.get<std::string>(1), row.get<std::string>(2),
                              row.get<std::string>(3)};
        auto outcome = co_await deliver(message);
        if (outcome.fault.empty()) {
            co_await db.query("UPDATE alarm_messages SET sent_at = $2, fault = '' WHERE id = $1", message.id,
                              now);
            continue;
        }
        log::warn("a message about an incident did not arrive",
                  {{"channel", message.channel}, {"reason", outcome.fault}});
        outcome.fault.resize(std::min(outcome.fault.size(), longest_fault));
        co_await db.query("UPDATE alarm_messages SET fault = $2 WHERE id = $1", message.id, outcome.fault);
    }
    co_return taken.size();
}

}  // namespace bb::watch
