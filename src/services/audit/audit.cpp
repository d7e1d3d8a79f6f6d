#include "services/audit/audit.hpp"

#include "services/access/network.hpp"

namespace bb::audit {
namespace {

// One statement, so that the chain is locked for as short as can be: from the UPDATE to the end of the
// transaction. What is hashed is the same text that log.cpp reads back for verify().
constexpr const char* append_sql =
    "WITH recent AS (SELECT count(*) FILTER (WHERE network = $6) AS here, count(*) AS everywhere "
    "FROM audit_entries WHERE $9 AND action = $3 AND at > now() - interval '1 minute'), "
    "entry AS (SELECT $8 || CASE WHEN here = 4 OR everywhere = 59 THEN '{\"more\":true}'::jsonb "
    "ELSE '{}' END AS details FROM recent WHERE here < 5 AND everywhere < 60), "
    "head AS (UPDATE audit_head h SET seq = h.seq + 1, hash = sha256(h.hash || convert_to(jsonb_build_array("
    "h.seq + 1, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), $1, $2, $3, $4, $5, $6, "
    "$7, entry.details)::text, 'UTF8')) FROM entry RETURNING h.seq, h.hash, entry.details) "
    "INSERT INTO audit_entries (seq, at, actor_kind, actor_id, action, subject_kind, subject_id, network, "
    "request_id, details, hash) SELECT seq, now(), $1, $2, $3, $4, $5, $6, $7, details, hash FROM head";

const char* kind_of(const Origin& origin) {
    if (origin.person) return "person";
    return origin.by_operator ? "operator" : "anonymous";
}

/// The details, and the key that acted.
std::string details_of(const Entry& entry) {
    if (!entry.origin.key) return entry.details;
    const std::string rest = entry.details.substr(1);
    return "{\"key\":\"" + entry.origin.key->text() + (rest == "}" ? "\"" : "\",") + rest;
}

db::Params params_of(const Entry& entry, bool limited) {
    const auto& from = entry.origin;
    return db::Params::of(kind_of(from), from.person, entry.action, entry.subject_kind, entry.subject_id,
                          from.network, from.request_id, db::Json{details_of(entry)}, limited);
}

}  // namespace

Origin origin_of(const http::Request& request) {
    Origin origin;
    if (request.principal) origin.person = request.principal->user;
    if (request.principal && request.principal->key) origin.key = request.principal->key->id;
    origin.network = access::shorten_network(request.peer);
    origin.request_id = request.id;
    return origin;
}

Origin origin_of(const http::Request& request, Uuid person) {
    auto origin = origin_of(request);
    origin.person = person;
    return origin;
}

Origin by_operator() {
    Origin origin;
    origin.by_operator = true;
    return origin;
}

Task<void> append(db::Transaction& tx, Entry entry) {
    co_await tx.run(append_sql, params_of(entry, false));
}

Task<void> record(db::Database& db, Entry entry) {
    co_await db.run(append_sql, params_of(entry, false));
}

Task<void> record_limited(db::Database& db, Entry entry) {
    co_await db.run(append_sql, params_of(entry, true));
}

}  // namespace bb::audit
