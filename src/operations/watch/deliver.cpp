#include <fmt/format.h>

#include "base/core/log.hpp"
#include "operations/watch/messages.hpp"

namespace bb::watch {
namespace {

// Taken for longer than the slowest batch lasts: a node that dies with a message in hand sends it later,
// twice rather than never. Those on duty come before the public.
constexpr const char* take_sql =
    "UPDATE alarm_messages m SET tries = tries + 1, next_try = $1::timestamptz + interval '5 minutes' "
    "FROM (SELECT id FROM alarm_messages WHERE sent_at IS NULL AND next_try <= $1 AND channel = $2 "
    "AND created_at > $1::timestamptz - interval '1 day' ORDER BY (payload ->> 'event' = 'public'), next_try "
    "LIMIT 10 FOR UPDATE SKIP LOCKED) "
    "AS due WHERE m.id = due.id RETURNING m.id, m.channel, m.target, m.payload::text";
constexpr const char* put_off_sql =
    "UPDATE alarm_messages SET fault = $2, next_try = $3::timestamptz + least(interval '30 minutes', "
    "interval '5 seconds' * power(2, tries)) WHERE id = $1";

constexpr std::size_t longest_fault = 500;

}  // namespace

Task<int> deliver_due(db::Database& db, std::string channel, Deliver deliver) {
    const auto taken = co_await db.query(take_sql, now(), channel);
    for (const auto row : taken) {
        const Message message{row.get<Uuid>(0), row.get<std::string>(1), row.get<std::string>(2),
                              row.get<std::string>(3)};
        auto outcome = co_await deliver(message);
        if (outcome.fault.empty()) {
            co_await db.query("UPDATE alarm_messages SET sent_at = $2, fault = '' WHERE id = $1", message.id,
                              now());
            continue;
        }
        log::warn("a message about an incident did not arrive",
                  {{"channel", message.channel}, {"reason", outcome.fault}});
        outcome.fault.resize(std::min(outcome.fault.size(), longest_fault));
        co_await db.query(put_off_sql, message.id, outcome.fault, now());
    }
    co_return taken.size();
}

}  // namespace bb::watch
