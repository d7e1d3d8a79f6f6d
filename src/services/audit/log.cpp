#include "services/audit/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace bb::audit {
namespace {

// With the addresses of who did it and whom it was done to, while they have an account.
#define BB_RECORDS                                                                                    \
    "SELECT e.seq, e.at, e.actor_kind, e.actor_id, u.email, e.action, e.subject_kind, e.subject_id, " \
    "s.email, e.network, e.request_id, e.details FROM audit_entries e "                               \
    "LEFT JOIN users u ON u.id = e.actor_id "                                                         \
    "LEFT JOIN users s ON s.id = CASE WHEN e.subject_kind = 'person' AND "                            \
    "e.subject_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN e.subject_id::uuid END "

constexpr const char* newest_sql = BB_RECORDS
    "WHERE ($1::timestamptz IS NULL OR e.at >= $1) AND ($2::uuid IS NULL OR e.actor_id = $2) "
    "AND ($3::text IS NULL OR e.actor_kind = $3) AND starts_with(e.action, $4) "
    "AND ($5::bigint IS NULL OR e.seq < $5) ORDER BY e.seq DESC LIMIT $6";
constexpr const char* following_sql = BB_RECORDS
    "WHERE ($1::timestamptz IS NULL OR e.at >= $1) AND ($2::uuid IS NULL OR e.actor_id = $2) "
    "AND ($3::text IS NULL OR e.actor_kind = $3) AND starts_with(e.action, $4) "
    "AND e.seq > $5 ORDER BY e.seq LIMIT $6";

#undef BB_RECORDS

// Who signs in is nobody yet: that is no look.
constexpr const char* looks_sql =
    "SELECT e.seq, e.at, e.actor_kind, u.name, e.action FROM audit_entries e "
    "LEFT JOIN users u ON u.id = e.actor_id WHERE e.subject_kind = 'person' AND e.subject_id = $1 "
    "AND e.actor_id IS DISTINCT FROM $2 AND e.actor_kind <> 'anonymous' "
    "AND ($3::bigint IS NULL OR e.seq < $3) ORDER BY e.seq DESC LIMIT $4";

// One moment for the head and all entries; nothing is locked.
constexpr const char* one_moment_sql = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* head_sql = "SELECT seq, hash FROM audit_head";
constexpr const char* chain_sql =
    "SELECT seq, hash, jsonb_build_array(seq, to_char(at AT TIME ZONE 'UTC', "
    "'YYYY-MM-DD\"T\"HH24:MI:SS.US'), "
    "actor_kind, actor_id, action, subject_kind, subject_id, network, request_id, details)::text "
    "FROM audit_entries WHERE seq > $1 ORDER BY seq LIMIT 1000";

Record read_record(const db::Row& row) {
    return {row.get<std::int64_t>(0),
            row.get<Time>(1),
            row.get<std::string>(2),
            row.get<std::optional<Uuid>>(3),
            row.get<std::optional<std::string>>(4),
            row.get<std::string>(5),
            row.get<std::string>(6),
            row.get<std::string>(7),
            row.get<std::optional<std::string>>(8),
            row.get<std::string>(9),
            row.get<std::string>(10),
            row.get<std::string>(11)};
}

std::vector<Record> read_records(const db::Rows& rows) {
    std::vector<Record> records;
    records.reserve(static_cast<std::size_t>(rows.size()));
    for (const auto row : rows) records.push_back(read_record(row));
    return records;
}

/// One of another length is read as one that fits nothing: it has been altered.
crypto::Digest read_digest(std::string_view bytes) {
    crypto::Digest digest{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
    return digest;
}

crypto::Digest link(const crypto::Digest& before, std::string_view content) {
    std::string text(before.begin(), before.end());
    text += content;
    return crypto::sha256(text);
}

/// Takes the next entry of the chain into `verdict`; false when it is not the one that follows.
bool follows(Verdict& verdict, const db::Row& row) {
    const auto seq = row.get<std::int64_t>(0);
    verdict.seq = verdict.entries + 1;
    if (seq != verdict.seq) {
        verdict.fault = fmt::format("Entry {} is missing; the next one there is {}.", verdict.seq, seq);
        return false;
    }
    const auto hash = link(verdict.head, row.get<std::string_view>(2));
    if (hash != read_digest(row.get<std::string_view>(1))) {
        verdict.fault = fmt::format("Entry {} is not as it was written.", seq);
        return false;
    }
    verdict.head = hash;
    verdict.entries = seq;
    return true;
}

/// Compares the end of the entries with the head of the chain.
void check_end(Verdict& verdict, std::int64_t head_seq, const crypto::Digest& head_hash) {
    verdict.seq = std::min(verdict.entries, head_seq) + 1;
    if (head_seq > verdict.entries)
        verdict.fault =
            fmt::format("The end is cut off: entries {} to {} are missing.", verdict.seq, head_seq);
    else if (head_seq < verdict.entries)
        verdict.fault = fmt::format("Entry {} stands behind the end of the chain.", verdict.seq);
    else if (head_hash != verdict.head)
        verdict.fault = "The head of the chain does not fit its last entry.";
    else
        verdict.seq = 0;
}

}  // namespace

Task<std::vector<Record>> newest(db::Database& db, Filter filter, int limit) {
    const auto rows = co_await db.query(newest_sql, filter.since, filter.person, filter.actor_kind,
                                        filter.action, filter.before, limit);
    co_return read_records(rows);
}

Task<std::vector<Record>> following(db::Database& db, Filter filter, std::int64_t after, int limit) {
    const auto rows = co_await db.query(following_sql, filter.since, filter.person, filter.actor_kind,
                                        filter.action, after, limit);
    co_return read_records(rows);
}

Task<std::vector<Look>> looks_at(db::Database& db, Uuid person, std::optional<std::int64_t> before,
                                 int limit) {
    const auto rows = co_await db.query(looks_sql, person.text(), person, before, limit);
    std::vector<Look> looks;
    for (const auto row : rows)
        looks.push_back({row.get<std::int64_t>(0), row.get<Time>(1), row.get<std::string>(2),
                         row.get<std::optional<std::string>>(3), row.get<std::string>(4)});
    co_return looks;
}

void write(JsonWriter& json, const Record& record) {
    json.object().field("seq", record.seq).field("at", record.at).key("actor").object();
    json.field("kind", record.actor_kind)
        .field("id", record.actor_id)
        .field("email", record.actor_email)
        .end();
    json.field("action", record.action).key("subject").object();
    json.field("kind", record.subject_kind)
        .field("id", record.subject_id)
        .field("email", record.subject_email)
        .end();
    json.field("network", record.network).field("requestId", record.request_id);
    json.key("details").raw(record.details).end();
}

Task<bool> verify_more(db::Database& db, Verdict& so_far, std::int64_t most) {
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        co_await tx.query(one_moment_sql);
        const auto head = co_await tx.query(head_sql);
        if (head.empty()) {
            so_far.fault = "The head of the chain is missing.";
            co_return true;
        }
        const auto last = most < INT64_MAX - so_far.entries ? so_far.entries + most : INT64_MAX;
        while (so_far.entries < last) {  // ends with the entries there are
            const auto rows = co_await tx.query(chain_sql, so_far.entries);
            if (rows.empty()) {
                check_end(so_far, head[0].get<std::int64_t>(0),
                          read_digest(head[0].get<std::string_view>(1)));
                co_return true;
            }
            for (const auto row : rows)
                if (!follows(so_far, row)) co_return true;
        }
        co_return false;
    };
    co_return co_await db.transaction(work);
}

Task<Verdict> verify(db::Database& db) {
    Verdict verdict;
    co_await verify_more(db, verdict, INT64_MAX);
    co_return verdict;
}

}  // namespace bb::audit
