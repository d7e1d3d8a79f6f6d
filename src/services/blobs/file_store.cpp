#include "services/blobs/file_store.hpp"

#include <vector>

#include "base/core/log.hpp"

namespace bb::blobs {
namespace {

constexpr std::string_view column = "file_keys.sealed_key";
// Whoever stores the same file at the same time gets the same key.
constexpr const char* keep_sql =
    "INSERT INTO file_keys AS k (id, owner_id, digest, sealed_key, kept_until) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (owner_id, digest) DO UPDATE SET used_at = now(), "
    "kept_until = greatest(k.kept_until, excluded.kept_until) RETURNING id, sealed_key";
constexpr const char* find_sql = "SELECT id, sealed_key FROM file_keys WHERE owner_id = $1 AND digest = $2";
constexpr const char* replace_sql = "UPDATE file_keys SET sealed_key = $2 WHERE id = $1";
constexpr const char* remove_sql = "DELETE FROM file_keys WHERE owner_id = $1 AND digest = $2";
constexpr const char* erase_sql = "DELETE FROM file_keys WHERE owner_id = $1";

std::string read_all(http::FileBody& body) {
    std::string bytes(body.size, '\0');
    bytes.resize(http::read_full(*body.source, bytes.data(), bytes.size()));
    return bytes;
}

crypto::Digest digest_of(http::FileSource& content) {
    std::string piece(64 * 1024, '\0');
    return crypto::sha256([&]() -> std::string_view {
        return {piece.data(), content.read(piece.data(), piece.size())};
    });
}

/// False also where reading it shows that it was changed.
bool has_digest(http::FileSource& content, const crypto::Digest& digest) {
    try {
        return digest_of(content) == digest;
    } catch (const std::system_error&) {
        throw;
    } catch (const std::runtime_error&) {
        return false;
    }
}

}  // namespace

/// The key that a file is sealed with: none where it was stored before files were sealed.
struct FileStore::Kept {
    std::optional<secrets::Key> key;
    bool is_unreadable = false;  // there is one, and the server's secret does not open it
};

const secrets::SealedColumn file_key_column{
    column, "SELECT substring(sealed_key FROM 2 FOR 8), count(*) FROM file_keys GROUP BY 1",
    "SELECT id, sealed_key FROM file_keys WHERE substring(sealed_key FROM 2 FOR 8) <> $1 AND id > $2 "
    "ORDER BY id LIMIT $3 FOR UPDATE",
    replace_sql};

Task<secrets::Key> FileStore::key_to_store_with(Uuid owner, crypto::Digest digest,
                                                std::optional<Time> until) {
    const auto id = Uuid::make();
    const auto fresh = secrets::Key::random();
    const secrets::Place place{column, id};
    const auto sealed = co_await keys_.seal(place, std::string(fresh.bytes()));
    const db::Bytes content{sealed};
    const auto rows = co_await db_.query(keep_sql, id, owner, digest, content, until);
    const secrets::Place kept{column, rows[0].get<Uuid>(0)};
    const auto opened = co_await keys_.open(kept, rows[0].get<std::string>(1));
    if (const auto key = secrets::Key::from_bytes(opened.value_or(std::string()))) co_return *key;
    // The secret that sealed it is lost, and with it what was stored; the same content is here again.
    const auto anew = co_await keys_.seal(kept, std::string(fresh.bytes()));
    const db::Bytes replacement{anew};
    co_await db_.query(replace_sql, kept.row, replacement);
    co_return fresh;
}

Task<crypto::Digest> FileStore::put(Uuid owner, std::string_view bytes) {
    auto name = [bytes] {
        return crypto::sha256(bytes);
    };
    const auto digest = co_await pool_.run(std::move(name));
    const auto key = co_await key_to_store_with(owner, digest, std::nullopt);
    auto store = [this, owner, &digest, bytes, &key] {
        const auto content = http::source_of(bytes);
        stores_.current().put(owner, digest, *content, key);
    };
    co_await pool_.run(std::move(store));
    co_return digest;
}

Task<crypto::Digest> FileStore::put_until(Uuid owner, http::SharedDescriptor file, Time until) {
    auto name = [&file] {
        return digest_of(*http::whole_file(file).source);
    };
    const auto digest = co_await pool_.run(std::move(name));
    const auto key = co_await key_to_store_with(owner, digest, until);
    auto store = [this, owner, &digest, &file, &key] {
        stores_.current().put(owner, digest, *http::whole_file(file).source, key);
    };
    co_await pool_.run(std::move(store));
    co_return digest;
}

Task<crypto::Digest> FileStore::put_partial(Uuid owner, PartialFile& file) {
    auto name = [&file] {
        return file.digest();
    };
    const Stored stored{owner, co_await pool_.run(std::move(name))};
    const auto key = co_await key_to_store_with(owner, stored.digest, std::nullopt);
    auto store = [this, &stored, &file, &key] {
        file.finish(key, name_of(stored));
        stores_.current().put_file(stored, file.path(), key);
    };
    co_await pool_.run(std::move(store));
    co_return stored.digest;
}

Task<FileStore::Kept> FileStore::key_of(Uuid owner, crypto::Digest digest) {
    const auto rows = co_await db_.query(find_sql, owner, digest);
    if (rows.empty()) co_return Kept{};
    const secrets::Place place{column, rows[0].get<Uuid>(0)};
    const auto opened = co_await keys_.open(place, rows[0].get<std::string>(1));
    const auto key = secrets::Key::from_bytes(opened.value_or(std::string()));
    co_return Kept{key, !key};
}

Task<std::optional<http::FileBody>> FileStore::open(Uuid owner, crypto::Digest digest, std::string request) {
    const auto kept = co_await key_of(owner, digest);
    if (kept.is_unreadable) {
        log::error("the key of a stored file cannot be read: was BRAINBYTES_SECRET changed?",
                   {{"request", request}, {"file", crypto::hex(digest)}});
        co_return std::nullopt;
    }
    auto find = [this, owner, &digest, &kept] {
        return stores_.open(owner, digest, kept.key);
    };
    co_return co_await pool_.run(std::move(find));
}

Task<bool> FileStore::copy(Uuid from, Uuid to, crypto::Digest digest) {
    auto kept = co_await key_of(from, digest);
    if (!kept.key && !kept.is_unreadable) {
        // Only what is sealed shows while it is read that it was changed.
        const bool sealed = co_await seal_older(from, digest);
        if (sealed) kept = co_await key_of(from, digest);
    }
    if (!kept.key) co_return false;
    const auto key = co_await key_to_store_with(to, digest, std::nullopt);
    auto work = [this, from, to, &digest, &kept, &key] {
        const auto body = stores_.open(from, digest, kept.key);
        if (body) stores_.current().put(to, digest, *body->source, key);
        return body.has_value();
    };
    co_return co_await pool_.run(std::move(work));
}

Task<FileStore::Copy> FileStore::check(const Store& store, Stored file) {
    const auto kept = co_await key_of(file.owner, file.digest);
    if (kept.is_unreadable) co_return Copy::no_key;
    auto read = [&store, &file, &kept] {
        const auto body = store.open(file.owner, file.digest, kept.key);
        if (!body) return store.open(file.owner, file.digest, std::nullopt) ? Copy::changed : Copy::missing;
        return has_digest(*body->source, file.digest) ? Copy::whole : Copy::changed;
    };
    co_return co_await pool_.run(std::move(read));
}

Task<bool> FileStore::seal_older(Uuid owner, crypto::Digest digest) {
    std::vector<std::shared_ptr<Store>> places;
    auto read = [this, owner, &digest, &places] {
        std::string bytes;
        for (const auto& store : stores_.all()) {
            auto body = store->open(owner, digest, std::nullopt);
            if (!body) continue;
            auto found = read_all(*body);
            if (crypto::sha256(found) != digest) continue;
            bytes = std::move(found);
            places.push_back(store);
        }
        return bytes;
    };
    const auto bytes = co_await pool_.run(std::move(read));
    if (places.empty()) co_return false;
    const auto key = co_await key_to_store_with(owner, digest, std::nullopt);
    auto seal = [owner, &digest, &places, &bytes, &key] {
        for (const auto& store : places) {
            const auto content = http::source_of(bytes);
            store->put(owner, digest, *content, key);
        }
    };
    co_await pool_.run(std::move(seal));
    co_return true;
}

Task<bool> FileStore::has_key(Stored file) {
    const auto kept = co_await key_of(file.owner, file.digest);
    co_return kept.key.has_value();
}

Task<void> FileStore::remove(Uuid owner, crypto::Digest digest) {
    co_await db_.query(remove_sql, owner, digest);
    auto unlink = [this, owner, &digest] {
        const Stored file{owner, digest};
        stores_.remove(file);
    };
    co_await pool_.run(std::move(unlink));
}

Task<void> FileStore::erase_owner(Uuid owner) {
    co_await db_.query(erase_sql, owner);
    auto remove = [this, owner] {
        stores_.erase_owner(owner);
    };
    co_await pool_.run(std::move(remove));
}

}  // namespace bb::blobs
