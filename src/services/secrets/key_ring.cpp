#include "services/secrets/key_ring.hpp"

#include <algorithm>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"

namespace bb::secrets {
namespace {

constexpr const char* load_sql =
    "SELECT id, sealed_key, created_at FROM secret_keys ORDER BY created_at DESC, id DESC LIMIT 200";
// One at a time makes the first key.
constexpr const char* turn_sql = "SELECT pg_advisory_xact_lock(7305, 0)";
constexpr const char* count_sql = "SELECT count(*) FROM (SELECT FROM secret_keys LIMIT 200) k";
constexpr const char* keep_ring_sql = "INSERT INTO secret_keys (id, sealed_key) VALUES ($1, $2)";

/// Where a key stands among the sealed things: the row is its own id.
Place place_of(const KeyId& id) {
    Place place{"secret_keys.sealed_key", {}};
    std::copy(id.begin(), id.end(), place.row.bytes.begin());
    return place;
}

}  // namespace

std::string text_of(const KeyId& id) {
    return crypto::hex(std::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

std::optional<KeyId> key_id_from(std::string_view bytes) {
    KeyId id{};
    if (bytes.size() != id.size()) return std::nullopt;
    std::copy(bytes.begin(), bytes.end(), id.begin());
    return id;
}

db::Bytes parameter(const KeyId& id) {
    return {std::string_view(reinterpret_cast<const char*>(id.data()), id.size())};
}

KeyRing::KeyRing(db::Database& db, std::vector<std::string> server_secrets) : db_(db) {
    for (const auto& secret : server_secrets) {
        if (secret.empty()) continue;
        const auto name = Key::derive(secret, "brainbytes: name of the key of keys");
        masters_.push_back({*key_id_from(name.bytes().substr(0, std::tuple_size_v<KeyId>)),
                            Key::derive(secret, "brainbytes: key of keys")});
    }
    if (masters_.empty()) throw std::logic_error("keys need a server secret");
}

std::optional<Key> KeyRing::unwrap(const KeyId& id, std::string_view sealed_key) const {
    const auto sealed_by = key_id_of(sealed_key);
    for (const auto& master : masters_) {
        if (sealed_by != master.id) continue;
        if (const auto bytes = secrets::open(master.key, place_of(id), sealed_key))
            return Key::from_bytes(*bytes);
    }
    return std::nullopt;
}

Task<std::vector<KeyEntry>> KeyRing::load() {
    const auto rows = co_await db_.query(load_sql);
    std::vector<Held> held;
    std::vector<KeyEntry> entries;
    for (const auto& row : rows) {
        const auto id = key_id_from(row.get<std::string_view>(0));
        if (!id) continue;
        const auto key = unwrap(*id, row.get<std::string_view>(1));
        if (key) held.push_back({*id, *key});
        entries.push_back({*id, row.get<Time>(2), key.has_value()});
    }
    held_ = std::move(held);
    loaded_ = std::chrono::steady_clock::now();
    co_return entries;
}

const KeyRing::Held* KeyRing::find(const KeyId& id) const {
    const auto at = std::find_if(held_.begin(), held_.end(), [&](const Held& one) { return one.id == id; });
    return at == held_.end() ? nullptr : &*at;
}

Task<KeyRing::Held> KeyRing::sealing_key() {
    const auto age = std::chrono::steady_clock::now() - loaded_;
    if (held_.empty() || age > remembered) {
        const auto known = co_await load();
        if (held_.empty()) co_await make_first(known.size());
    }
    if (held_.empty()) throw std::runtime_error("a new key for secrets cannot be read back");
    co_return held_.front();
}

Task<KeyId> KeyRing::newest() {
    co_await load();
    const auto key = co_await sealing_key();
    co_return key.id;
}

Task<KeyId> KeyRing::keep_new(db::Transaction& tx) {
    const auto id = *key_id_from(crypto::random_bytes(std::tuple_size_v<KeyId>));
    const auto& master = masters_.front();
    const auto key = Key::random();
    const auto sealed = secrets::seal(master.id, master.key, place_of(id), key.bytes());
    const auto name = parameter(id);
    const db::Bytes content{sealed};
    co_await tx.query(keep_ring_sql, name, content);
    log::info("a new key seals secrets", {{"key", text_of(id)}});
    co_return id;
}

Task<void> KeyRing::make_first(std::size_t known) {
    auto work = [&](db::Transaction& tx) -> Task<void> {
        co_await tx.query(turn_sql);
        const auto rows = co_await tx.query(count_sql);
        // Otherwise somebody else was quicker: theirs is read.
        if (rows[0].get<std::int64_t>(0) == static_cast<std::int64_t>(known)) co_await keep_new(tx);
    };
    co_await db_.transaction(work);
    co_await load();
}

Task<KeyId> KeyRing::renew() {
    auto work = [&](db::Transaction& tx) -> Task<KeyId> {
        co_return co_await keep_new(tx);
    };
    const auto id = co_await db_.transaction(work);
    co_await load();
    co_return id;
}

Task<std::string> KeyRing::seal(Place place, std::string text) {
    const auto key = co_await sealing_key();
    co_return secrets::seal(key.id, key.key, place, text);
}

Task<std::optional<std::string>> KeyRing::open(Place place, std::string sealed) {
    const auto id = key_id_of(sealed);
    if (!id) co_return std::nullopt;
    if (!find(*id)) co_await load();  // made by somebody else meanwhile
    const auto* key = find(*id);
    if (!key) co_return std::nullopt;
    co_return secrets::open(key->key, place, sealed);
}

Task<std::vector<KeyEntry>> KeyRing::list() {
    co_return co_await load();
}

}  // namespace bb::secrets
