#include "base/core/json_writer.hpp"
#include "features/materials/personal/personal.hpp"

namespace bb::materials {
namespace {

using personal::Archive;

// Each page of rows is small enough to hold, also when every text is as long as it may be.
constexpr const char* subjects_sql =
    "SELECT id, name, created_at FROM subjects WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT 200";
constexpr const char* materials_sql =
    "SELECT m.id, (SELECT min(i.original_id::text) FROM imported i WHERE i.owner_id = $1 AND i.made_id = "
    "m.id), "
    "m.title, s.name, m.description, m.active, m.created_at, m.updated_at "
    "FROM materials m LEFT JOIN subjects s ON s.owner_id = m.owner_id AND s.id = m.subject_id "
    "WHERE m.owner_id = $1 AND m.id > $2 AND m.deleted_at IS NULL ORDER BY m.id LIMIT 200";
constexpr const char* entries_sql =
    "SELECT e.id, (SELECT min(i.original_id::text) FROM imported i WHERE i.owner_id = $1 AND i.made_id = "
    "e.id), "
    "e.material_id, e.title, e.position, e.created_at, e.updated_at, e.content FROM entries e "
    "JOIN materials m ON m.owner_id = e.owner_id AND m.id = e.material_id AND m.deleted_at IS NULL "
    "WHERE e.owner_id = $1 AND e.id > $2 AND e.deleted_at IS NULL ORDER BY e.id LIMIT 4";
constexpr const char* files_sql =
    "SELECT f.id, (SELECT min(i.original_id::text) FROM imported i WHERE i.owner_id = $1 AND i.made_id = "
    "f.id), "
    "f.material_id, f.name, f.media_type, f.bytes, f.digest, f.created_at, f.updated_at, f.source_url, "
    "f.fetched_at "
    "FROM files f "
    "JOIN materials m ON m.owner_id = f.owner_id AND m.id = f.material_id AND m.deleted_at IS NULL "
    "WHERE f.owner_id = $1 AND f.id > $2 AND f.deleted_at IS NULL ORDER BY f.id LIMIT 200";
constexpr const char* export_shares_sql =
    "SELECT id, material_id, email, expires_at, created_at FROM shares WHERE owner_id = $1 AND id > $2 "
    "ORDER BY id LIMIT 200";
// Of what may not be read any more, or just now, neither title nor owner: as everywhere else.
constexpr const char* export_read_sql =
    "SELECT s.id, m.title, o.name, r.opened_at FROM share_readers r JOIN shares s ON s.id = r.share_id "
    "LEFT JOIN (materials m JOIN users o ON o.id = m.owner_id AND o.suspended_at IS NULL AND o.erase_at IS "
    "NULL) ON m.owner_id = s.owner_id AND m.id = s.material_id AND m.deleted_at IS NULL "
    "AND (s.expires_at IS NULL OR s.expires_at > now()) "
    "WHERE r.reader_id = $1 AND s.id > $2 ORDER BY s.id LIMIT 200";
constexpr const char* export_copies_sql =
    "SELECT c.material_id, c.origin_material, o.name, c.created_at FROM material_origins c "
    "JOIN materials m ON m.owner_id = c.owner_id AND m.id = c.material_id AND m.deleted_at IS NULL "
    "LEFT JOIN users o ON o.id = c.origin_owner WHERE c.owner_id = $1 AND c.material_id > $2 "
    "ORDER BY c.material_id LIMIT 200";

/// Begins the object of a row whose first columns are id and original id.
JsonWriter begun(const db::Row& row) {
    JsonWriter json;
    json.object().field("id", row.get<Uuid>(0));
    if (!row.is_null(1)) json.field("originalId", row.get<std::string>(1));
    return json;
}

std::string folder_of(const Uuid& material) {
    return "materials/" + material.text() + "/";
}

Task<void> write_subjects(db::Transaction& tx, Uuid owner, Archive& archive) {
    JsonWriter json;
    json.object().key("subjects").array();
    for (Uuid after;;) {
        const auto rows = co_await tx.query(subjects_sql, owner, after);
        if (rows.empty()) break;
        for (const auto row : rows) {
            json.object().field("name", row.get<std::string>(1)).field("createdAt", row.get<Time>(2)).end();
            after = row.get<Uuid>(0);
        }
    }
    co_await archive.add("subjects.json", json.end().end().take());
}

Task<void> write_materials(db::Transaction& tx, Uuid owner, Archive& archive) {
    for (Uuid after;;) {
        const auto rows = co_await tx.query(materials_sql, owner, after);
        if (rows.empty()) co_return;
        for (const auto row : rows) {
            after = row.get<Uuid>(0);
            auto json = begun(row);
            json.field("title", row.get<std::string>(2))
                .field("subject", row.get<std::optional<std::string>>(3))
                .field("description", row.get<std::string>(4))
                .field("active", row.get<bool>(5))
                .field("createdAt", row.get<Time>(6))
                .field("updatedAt", row.get<Time>(7));
            co_await archive.add(folder_of(after) + "material.json", json.end().take());
        }
    }
}

Task<void> write_entries(db::Transaction& tx, Uuid owner, Archive& archive) {
    for (Uuid after;;) {
        const auto rows = co_await tx.query(entries_sql, owner, after);
        if (rows.empty()) co_return;
        for (const auto row : rows) {
            after = row.get<Uuid>(0);
            auto json = begun(row);
            json.field("title", row.get<std::string>(3))
                .field("position", row.get<std::int32_t>(4))
                .field("createdAt", row.get<Time>(5))
                .field("updatedAt", row.get<Time>(6));
            const auto name = folder_of(row.get<Uuid>(2)) + "entries/" + after.text();
            co_await archive.add(name + ".json", json.end().take());
            co_await archive.add(name + ".md", row.get<std::string>(7));
        }
    }
}

/// One list of sharing.json: a row's first column is its id, `write` adds the members of its object.
template <class Write>
Task<void> write_list(db::Transaction& tx, Uuid owner, JsonWriter& json, const char* sql, Write write) {
    json.array();
    for (Uuid after;;) {
        const db::Rows rows = co_await tx.query(sql, owner, after);
        if (rows.empty()) break;
        for (const db::Row row : rows) {
            after = row.get<Uuid>(0);
            json.object();
            write(row);
            json.end();
        }
    }
    json.end();
}

/// With whom one shares what, what one reads by links, and what one's copies are copies of.
Task<void> write_sharing(db::Transaction& tx, Uuid owner, Archive& archive) {
    JsonWriter json;
    json.object().key("shares");
    co_await write_list(tx, owner, json, export_shares_sql, [&json](const db::Row& row) {
        json.field("materialId", row.get<Uuid>(1))
            .field("email", row.get<std::optional<std::string>>(2))
            .field("expiresAt", row.get<std::optional<Time>>(3))
            .field("createdAt", row.get<Time>(4));
    });
    json.key("opened");
    co_await write_list(tx, owner, json, export_read_sql, [&json](const db::Row& row) {
        json.field("title", row.get<std::optional<std::string>>(1))
            .field("owner", row.get<std::optional<std::string>>(2))
            .field("openedAt", row.get<Time>(3));
    });
    json.key("copies");
    co_await write_list(tx, owner, json, export_copies_sql, [&json](const db::Row& row) {
        json.field("materialId", row.get<Uuid>(0))
            .field("originMaterial", row.get<Uuid>(1))
            .field("originOwner", row.get<std::optional<std::string>>(2))
            .field("createdAt", row.get<Time>(3));
    });
    co_await archive.add("sharing.json", json.end().take());
}

}  // namespace

std::string archived_original(const std::string& folder, const std::string& name) {
    return folder + "/" + personal::plain_name(name);
}

Task<void> PersonalMaterials::write(db::Transaction& tx, Uuid owner, Archive& archive) {
    co_await write_subjects(tx, owner, archive);
    co_await write_materials(tx, owner, archive);
    co_await write_entries(tx, owner, archive);
    co_await write_sharing(tx, owner, archive);
    for (Uuid after;;) {
        const auto rows = co_await tx.query(files_sql, owner, after);
        if (rows.empty()) co_return;
        for (const auto row : rows) {
            after = row.get<Uuid>(0);
            const auto digest = row.get<crypto::Digest>(6);
            // A page that was not fetched has an original without anything in it.
            const bool is_unfetched = !row.is_null(9) && row.is_null(10);
            std::optional<http::FileBody> original;
            if (!is_unfetched) original = co_await files_.open(owner, digest);
            auto json = begun(row);
            json.field("name", row.get<std::string>(3))
                .field("mediaType", row.get<std::string>(4))
                .field("bytes", row.get<std::int64_t>(5))
                .field("sha256", crypto::hex(digest))
                .field("createdAt", row.get<Time>(7))
                .field("updatedAt", row.get<Time>(8))
                .field("missing", !original.has_value());
            if (!row.is_null(9)) json.field("sourceUrl", row.get<std::string>(9));
            if (!row.is_null(10)) json.field("fetchedAt", row.get<Time>(10));
            const auto folder = folder_of(row.get<Uuid>(2)) + "files/" + after.text();
            co_await archive.add(folder + ".json", json.end().take());
            if (!original) continue;
            co_await archive.add_file(archived_original(folder, row.get<std::string>(3)),
                                      std::move(*original));
        }
    }
}

}  // namespace bb::materials
