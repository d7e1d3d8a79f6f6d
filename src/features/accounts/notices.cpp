#include "features/accounts/notices.hpp"

#include <boost/json/parse.hpp>
#include <chrono>

#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/accounts/secrets.hpp"
#include "services/mail/notices.hpp"

namespace bb::accounts {
namespace {

constexpr const char* read_sql = "SELECT new_device, weekly FROM notice_choices WHERE user_id = $1";
constexpr const char* begin_sql = "INSERT INTO notice_choices (user_id) VALUES ($1) ON CONFLICT DO NOTHING";
constexpr const char* lock_sql =
    "SELECT new_device, weekly FROM notice_choices WHERE user_id = $1 FOR UPDATE";
constexpr const char* change_sql =
    "UPDATE notice_choices SET new_device = coalesce($2, new_device), weekly = coalesce($3, weekly) "
    "WHERE user_id = $1 RETURNING new_device, weekly";
// xmax is zero in a row that was inserted and not updated.
constexpr const char* note_device_sql =
    "WITH known AS (SELECT count(*) AS places FROM known_devices WHERE user_id = $1), "
    "seen AS (INSERT INTO known_devices (user_id, device, network) VALUES ($1, $2, $3) "
    "ON CONFLICT (user_id, device, network) DO UPDATE SET last_seen_at = now() RETURNING xmax = 0 AS fresh) "
    "SELECT u.language FROM known, seen, users u LEFT JOIN notice_choices c ON c.user_id = u.id "
    "WHERE u.id = $1 AND seen.fresh AND known.places > 0 AND coalesce(c.new_device, true)";
constexpr int people_at_once = 100;
constexpr int most_rounds = 1'000;
constexpr const char* summaries_sql =
    "WITH due AS (UPDATE notice_choices SET weekly_for = ($1 AT TIME ZONE 'UTC' + interval '8 hours')::date "
    "WHERE user_id IN (SELECT user_id FROM notice_choices "
    "WHERE weekly AND weekly_for IS DISTINCT FROM ($1 AT TIME ZONE 'UTC' + interval '8 hours')::date "
    "LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING user_id), "
    "week AS (SELECT u.id, u.language, "
    "(SELECT count(*) FROM threads t WHERE t.owner_id = u.id AND t.deleted_at IS NULL "
    "AND NOT t.temporary AND t.created_at > $1 - interval '7 days') AS chats, "
    "(SELECT count(*) FROM messages m WHERE m.owner_id = u.id AND m.role = 'user' "
    "AND m.created_at > $1 - interval '7 days') AS questions, "
    "(SELECT count(*) FROM materials m WHERE m.owner_id = u.id AND m.deleted_at IS NULL "
    "AND m.created_at > $1 - interval '7 days') AS materials "
    "FROM due JOIN users u ON u.id = due.user_id WHERE u.suspended_at IS NULL AND u.erase_at IS NULL), "
    "queued AS (INSERT INTO mail_queue (user_id, kind, language, payload) SELECT id, 'weekly', language, "
    "jsonb_build_object('chats', chats::text, 'questions', questions::text, 'materials', materials::text) "
    "FROM week WHERE chats + questions + materials > 0 RETURNING id) "
    "SELECT (SELECT count(*) FROM due), (SELECT count(*) FROM queued)";

NoticeChoices read_row(const db::Row& row) {
    return {row.get<bool>(0), row.get<bool>(1)};
}

crypto::Digest signature_of(std::string_view secret, std::string_view signed_part) {
    return crypto::hmac_sha256(secret, "unsubscribe\n" + std::string(signed_part));
}

/// A text of the payload, or nothing.
std::string text_of(const boost::json::object& payload, std::string_view name) {
    const auto* value = payload.if_contains(name);
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string(text->data(), text->size()) : std::string();
}

/// "2026-11-22 20:10 UTC" from RFC 3339.
std::string readable(std::string time) {
    if (time.size() < 16) return time;
    time.resize(16);
    time[10] = ' ';
    return time + " UTC";
}

mail::NoticeHead head_of(const mail::Queued& notice, const std::string& origin, const std::string& secret) {
    mail::NoticeHead head{notice.address, notice.language, origin + "/settings", "", ""};
    const bool ends = notice.kind == "new_device" || notice.kind == "weekly";
    if (ends && notice.person) {
        const auto token = unsubscribe_token(secret, UserId{*notice.person}, notice.kind);
        head.unsubscribe_page = origin + "/unsubscribe#" + token;
        head.unsubscribe_post = origin + "/api/mail/unsubscribe?token=" + token;
    }
    return head;
}

mail::Message write_notice(const mail::Queued& notice, const std::string& origin, const std::string& secret) {
    const auto parsed = boost::json::parse(notice.payload);
    const auto& payload = parsed.as_object();
    auto head = head_of(notice, origin, secret);
    const auto when = readable(text_of(payload, "at"));
    if (notice.kind == "weekly") {
        head.link = origin + "/chat";
        return mail::weekly_message(
            head, {text_of(payload, "chats"), text_of(payload, "questions"), text_of(payload, "materials")});
    }
    if (notice.kind == "new_device") return mail::new_device_message(head, text_of(payload, "where"), when);
    if (notice.kind == "address_asked") return mail::address_asked_message(head, when);
    if (notice.kind == "archive_ready") {
        head.link = origin + "/settings/data";
        return mail::archive_ready_message(head, when);
    }
    head.link = origin;
    return mail::address_changed_message(head, when);
}

}  // namespace

Task<NoticeChoices> read_choices(db::Database& db, UserId owner) {
    const auto rows = co_await db.query(read_sql, owner);
    co_return rows.empty() ? NoticeChoices{} : read_row(rows[0]);
}

std::string choices_mark(const NoticeChoices& choices) {
    return http::mark_of(std::string(choices.new_device ? "1" : "0") + (choices.weekly ? "1" : "0"));
}

Task<Result<NoticeChoices>> change_choices(db::Database& db, UserId owner, NoticeChange change,
                                           http::IfMatch condition) {
    auto work = [&](db::Transaction& tx) -> Task<Result<NoticeChoices>> {
        co_await tx.query(begin_sql, owner);
        const auto before = co_await tx.query(lock_sql, owner);
        if (!condition.allows(choices_mark(read_row(before[0])))) co_return http::stale();
        const auto rows = co_await tx.query(change_sql, owner, change.new_device, change.weekly);
        co_return read_row(rows[0]);
    };
    co_return co_await db.transaction(work);
}

Task<void> note_device(db::Transaction& tx, UserId person, Client client) {
    const auto rows = co_await tx.query(note_device_sql, person, client.device, client.network);
    if (rows.empty()) co_return;
    mail::Notice notice{person.value, std::nullopt, "new_device", rows[0].get<std::string>(0)};
    const auto where = client.device + (client.network.empty() ? "" : " (" + client.network + ")");
    notice.payload = JsonWriter().object().field("where", where).field("at", now()).end().take();
    co_await mail::enqueue(tx, std::move(notice));
}

Task<int> queue_summaries(db::Database& db, Time at) {
    using namespace std::chrono;
    const auto local = at + hours(8);
    const auto day = floor<days>(local);
    if (weekday(day) != Sunday || local - day < hours(18)) co_return 0;
    std::int64_t queued = 0;
    for (int round = 0; round < most_rounds; ++round) {
        const auto rows = co_await db.query(summaries_sql, at, people_at_once);
        queued += rows[0].get<std::int64_t>(1);
        if (rows[0].get<std::int64_t>(0) < people_at_once) break;
    }
    co_return static_cast<int>(queued);
}

Task<void> keep_summing_up(db::Database& db) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            co_await queue_summaries(db, now());
        } catch (const std::exception& failure) {
            log::warn("summaries of the week wait", {{"reason", failure.what()}});
        }
        co_await net::sleep_for(std::chrono::minutes(10));
    }
}

std::string unsubscribe_token(std::string_view secret, UserId person, std::string_view kind) {
    const std::string signed_part = person.text() + "." + std::string(kind);
    return signed_part + "." + crypto::hex(signature_of(secret, signed_part));
}

Task<Result<void>> unsubscribe(db::Database& db, std::string_view secret, std::string_view token) {
    const auto dot = token.rfind('.');
    const auto first = token.find('.');
    const auto person = UserId::parse(token.substr(0, first));
    if (!person || first == dot || dot == std::string_view::npos ||
        !crypto::equal(token.substr(dot + 1), crypto::hex(signature_of(secret, token.substr(0, dot)))))
        co_return bad_field("?token",
                            "This link is not whole. Open it from the mail again, or use the settings.");
    NoticeChange change;
    const auto kind = token.substr(first + 1, dot - first - 1);
    (kind == "weekly" ? change.weekly : change.new_device) = false;
    try {
        const http::IfMatch whatever_holds;
        co_await change_choices(db, *person, change, whatever_holds);
    } catch (const db::ForeignKeyViolation&) {
        // The person is gone, and gets no mails.
    }
    co_return Result<void>();
}

mail::Compose notice_writer(std::string origin, std::string secret) {
    return [origin = std::move(origin), secret = std::move(secret)](const mail::Queued& notice) {
        return write_notice(notice, origin, secret);
    };
}

}  // namespace bb::accounts
