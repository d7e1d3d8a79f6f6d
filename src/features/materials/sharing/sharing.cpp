#include "features/materials/sharing/sharing.hpp"

#include <algorithm>

#include "base/core/crypto.hpp"
#include "base/core/json_writer.hpp"
#include "features/materials/materials.hpp"

namespace bb::materials {
namespace {

constexpr std::int64_t most_shares = 100;   // of a material
constexpr std::int64_t most_readers = 500;  // of a link

// An address that has it already takes no further place.
constexpr const char* lock_shared_sql =
    "SELECT (SELECT count(*) FROM shares s WHERE s.owner_id = m.owner_id AND s.material_id = m.id "
    "AND (s.email = $3) IS NOT TRUE), "
    "(SELECT email FROM users WHERE id = $1) FROM materials m "
    "WHERE m.owner_id = $1 AND m.id = $2 AND m.deleted_at IS NULL FOR UPDATE OF m";
constexpr const char* share_sql =
    "INSERT INTO shares AS s (id, owner_id, material_id, token_hash, email, expires_at) "
    "VALUES ($3, $1, $2, $4, $5, $6) ON CONFLICT ON CONSTRAINT shares_email_key DO UPDATE "
    "SET expires_at = excluded.expires_at RETURNING s.id, s.email, s.expires_at, s.created_at";
constexpr const char* shares_sql =
    "SELECT s.id, s.email, s.expires_at, s.created_at FROM shares s "
    "JOIN materials m ON m.owner_id = s.owner_id AND m.id = s.material_id AND m.deleted_at IS NULL "
    "WHERE s.owner_id = $1 AND s.material_id = $2 ORDER BY s.created_at, s.id";
constexpr const char* share_readers_sql =
    "SELECT r.share_id, u.name, r.opened_at FROM shares s JOIN share_readers r ON r.share_id = s.id "
    "JOIN users u ON u.id = r.reader_id WHERE s.owner_id = $1 AND s.material_id = $2 "
    "ORDER BY r.opened_at, r.reader_id LIMIT 5000";
constexpr const char* end_share_sql =
    "DELETE FROM shares WHERE owner_id = $1 AND material_id = $2 AND id = $3 RETURNING token_hash IS NULL";

#define BB_SHARE_LIVES "(s.expires_at IS NULL OR s.expires_at > now())"
#define BB_SHARER "JOIN users o ON o.id = m.owner_id AND o.suspended_at IS NULL AND o.erase_at IS NULL "
#define BB_READABLE                                                                                        \
    "FROM materials m " BB_SHARER                                                                          \
    "WHERE m.deleted_at IS NULL AND m.owner_id <> $1 AND (m.owner_id, m.id) IN "                           \
    "(SELECT s.owner_id, s.material_id FROM shares s WHERE s.email = (SELECT email FROM users WHERE id = " \
    "$1) AND " BB_SHARE_LIVES                                                                              \
    " UNION ALL SELECT s.owner_id, s.material_id FROM share_readers r JOIN shares s ON s.id = r.share_id " \
    "WHERE r.reader_id = $1 AND " BB_SHARE_LIVES ") "
#define BB_SHARED_MATERIAL                                                                    \
    "SELECT m.id, m.owner_id, o.name, m.title, m.description, "                               \
    "(SELECT count(*) FROM entries e WHERE e.owner_id = m.owner_id AND e.material_id = m.id " \
    " AND e.deleted_at IS NULL), "                                                            \
    "(SELECT count(*) FROM files f WHERE f.owner_id = m.owner_id AND f.material_id = m.id "   \
    " AND f.deleted_at IS NULL), m.updated_at "

constexpr const char* by_token_sql =
    "SELECT s.id, s.material_id, s.owner_id FROM shares s "
    "JOIN materials m ON m.owner_id = s.owner_id AND m.id = s.material_id AND m.deleted_at IS NULL " BB_SHARER
    "WHERE s.token_hash = $1 AND " BB_SHARE_LIVES " FOR UPDATE OF s";
constexpr const char* let_in_sql =
    "WITH known AS (SELECT count(*) FILTER (WHERE reader_id = $2) AS here, count(*) AS everybody "
    "FROM share_readers WHERE share_id = $1), made AS (INSERT INTO share_readers (share_id, reader_id) "
    "SELECT $1, $2 FROM known WHERE here = 0 AND everybody < $3 RETURNING share_id) "
    "SELECT here > 0, EXISTS (SELECT FROM made) FROM known";
constexpr const char* readable_sql = BB_SHARED_MATERIAL BB_READABLE
    "AND ($2::timestamptz IS NULL OR (m.updated_at, m.id) < ($2, $3::uuid)) "
    "ORDER BY m.updated_at DESC, m.id DESC LIMIT $4";
constexpr const char* find_readable_sql = BB_SHARED_MATERIAL BB_READABLE "AND m.id = $2";
constexpr const char* leave_sql =
    "WITH opened AS (DELETE FROM share_readers r USING shares s "
    "WHERE r.share_id = s.id AND r.reader_id = $1 AND s.material_id = $2 RETURNING r.share_id), "
    "named AS (DELETE FROM shares s WHERE s.email = (SELECT email FROM users WHERE id = $1) "
    "AND s.material_id = $2 AND s.owner_id <> $1 RETURNING s.id) "
    "SELECT EXISTS (SELECT FROM opened) OR EXISTS (SELECT FROM named)";
constexpr const char* sweep_shares_sql = "DELETE FROM shares WHERE expires_at < now() - interval '30 days'";

#undef BB_SHARE_LIVES
#undef BB_SHARER
#undef BB_READABLE
#undef BB_SHARED_MATERIAL

Share read_share(const db::Row& row) {
    return {row.get<ShareId>(0),
            row.get<std::optional<std::string>>(1),
            row.get<std::optional<Time>>(2),
            row.get<Time>(3),
            {}};
}

SharedMaterial read_shared(const db::Row& row) {
    return {row.get<MaterialId>(0),   row.get<UserId>(1),      row.get<std::string>(2),
            row.get<std::string>(3),  row.get<std::string>(4), row.get<std::int64_t>(5),
            row.get<std::int64_t>(6), row.get<Time>(7)};
}

/// Says that a material was shared or is not any more: with a person or by a link, never with whom.
audit::Entry share_entry(audit::Origin origin, const char* action, MaterialId material, bool person) {
    audit::Entry entry{std::move(origin), action, "material", material.text()};
    entry.details = JsonWriter().object().field("with", person ? "person" : "link").end().take();
    return entry;
}

}  // namespace

Task<Result<std::vector<Share>>> Sharing::list(UserId owner, MaterialId material) {
    std::vector<Share> shares;
    for (const auto row : co_await db_.query(shares_sql, owner, material)) shares.push_back(read_share(row));
    for (const auto row : co_await db_.query(share_readers_sql, owner, material)) {
        const auto of =
            std::find_if(shares.begin(), shares.end(),
                         [id = row.get<ShareId>(0)](const auto& share) { return share.id == id; });
        if (of != shares.end()) of->readers.push_back({row.get<std::string>(1), row.get<Time>(2)});
    }
    if (shares.empty()) {
        const bool there = co_await has_material(db_, owner, material);
        if (!there) co_return not_found("material");
    }
    co_return shares;
}

Task<Result<MadeShare>> Sharing::create(UserId owner, MaterialId material, NewShare wanted,
                                        audit::Origin origin) {
    MadeShare made;
    std::optional<crypto::Digest> hash;
    if (!wanted.email) made.token = crypto::random_token();
    if (made.token) hash = crypto::sha256(*made.token);
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        const auto there = co_await tx.query(lock_shared_sql, owner, material, wanted.email);
        if (there.empty()) co_return not_found("material");
        if (there[0].get<std::int64_t>(0) >= most_shares)
            co_return Error(ErrorCode::conflict, "This material is shared 100 times. Revoke a share first.");
        if (wanted.email && *wanted.email == there[0].get<std::string>(1))
            co_return bad_field("#/email", "is your own address");
        const auto rows = co_await tx.query(share_sql, owner, material, ShareId::make(), hash, wanted.email,
                                            wanted.expires_at);
        made.share = read_share(rows[0]);
        co_await audit::append(tx, share_entry(origin, "share.created", material, wanted.email.has_value()));
        co_return Result<>();
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return made;
}

Task<Result<>> Sharing::revoke(UserId owner, MaterialId material, ShareId id, audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        const auto rows = co_await tx.query(end_share_sql, owner, material, id);
        if (rows.empty()) co_return not_found("share");
        co_await audit::append(tx, share_entry(origin, "share.revoked", material, rows[0].get<bool>(0)));
        co_return Result<>();
    };
    co_return co_await db_.transaction(work);
}

Task<Result<OpenedShare>> Sharing::open(UserId reader, std::string token, audit::Origin origin) {
    const auto hash = crypto::sha256(token);
    OpenedShare opened;
    auto work = [&](db::Transaction& tx) -> Task<Result<>> {
        const auto rows = co_await tx.query(by_token_sql, hash);
        if (rows.empty()) co_return not_found("shared material");
        opened.material = rows[0].get<MaterialId>(1);
        opened.own = rows[0].get<UserId>(2) == reader;
        if (opened.own) co_return Result<>();
        const auto let_in = co_await tx.query(let_in_sql, rows[0].get<ShareId>(0), reader, most_readers);
        const bool made = let_in[0].get<bool>(1);
        if (!made && !let_in[0].get<bool>(0))
            co_return Error(ErrorCode::conflict, "500 people read by this link: ask for another one.");
        if (made) co_await audit::append(tx, share_entry(origin, "share.opened", opened.material, false));
        co_return Result<>();
    };
    auto done = co_await db_.transaction(work);
    if (!done) co_return done.error();
    co_return opened;
}

Task<Result<Page<SharedMaterial>>> Sharing::readable(UserId reader, http::PageQuery page) {
    std::optional<Time> before;
    std::optional<Uuid> id;
    if (page.after) {
        auto cursor = Cursor::parse(*page.after);
        if (!cursor) co_return cursor.error();
        before = Time(std::chrono::microseconds(cursor->rank));
        id = cursor->id;
    }
    std::vector<SharedMaterial> found;
    for (const auto row : co_await db_.query(readable_sql, reader, before, id, page.limit + 1))
        found.push_back(read_shared(row));
    co_return page_of(std::move(found), page.limit, [](const SharedMaterial& last) {
        return Cursor{last.updated_at.time_since_epoch().count(), last.id.value}.text();
    });
}

Task<Result<SharedMaterial>> Sharing::find(UserId reader, MaterialId material) {
    const auto rows = co_await db_.query(find_readable_sql, reader, material);
    if (rows.empty()) co_return not_found("shared material");
    co_return read_shared(rows[0]);
}

Task<Result<>> Sharing::leave(UserId reader, MaterialId material) {
    const auto rows = co_await db_.query(leave_sql, reader, material);
    if (!rows[0].get<bool>(0)) co_return not_found("shared material");
    co_return Result<>();
}

Task<void> sweep_shares_of_any_owner(db::Database& db) {
    co_await db.query(sweep_shares_sql);
}

}  // namespace bb::materials
