#include "features/accounts/session_cache.hpp"

#include <cstring>

#include "base/net/timer.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/keys.hpp"
#include "features/accounts/secrets.hpp"
#include "services/access/network.hpp"

namespace bb::accounts {
namespace {

constexpr std::chrono::minutes touch_interval{10};

constexpr const char* look_up_sql =
    "SELECT s.id, s.user_id, u.role, s.last_seen_at, s.expires_at FROM sessions s "
    "JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.expires_at > now() "
    "AND s.created_at > now() - interval '90 days' AND u.suspended_at IS NULL AND u.erase_at IS NULL";
constexpr const char* look_up_key_sql =
    "SELECT k.id, k.user_id, u.role, k.last_used_at, k.expires_at, k.scopes FROM api_keys k "
    "JOIN users u ON u.id = k.user_id WHERE k.token_hash = $1 AND k.expires_at > now() "
    "AND u.suspended_at IS NULL AND u.erase_at IS NULL";
// Two statements: what suspends or erases a person locks the person first and their sessions then.
constexpr const char* touch_sql =
    "UPDATE sessions SET last_seen_at = now(), "
    "expires_at = least(now() + interval '30 days', created_at + interval '90 days') "
    "WHERE id = $1 AND last_seen_at < now() - interval '9 minutes' RETURNING user_id";
constexpr const char* seen_sql = "UPDATE users SET last_seen_at = now() WHERE id = $1";

Task<void> touch_session(db::Database& db, Uuid session) {
    const auto rows = co_await db.query(touch_sql, session);
    if (rows.empty()) co_return;
    const auto person = rows[0].get<Uuid>(0);
    co_await db.query(seen_sql, person);
}

http::Principal principal_of(const db::Row& row, bool as_key) {
    http::Principal principal;
    const auto id = row.get<Uuid>(0);
    principal.user = row.get<Uuid>(1);
    principal.role = row.get<std::string>(2);
    if (as_key)
        principal.key = http::KeyUse{id, row.get<std::vector<std::string>>(5)};
    else
        principal.session = id;
    return principal;
}

}  // namespace

std::size_t SessionCache::HashOfDigest::operator()(const crypto::Digest& digest) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

Task<std::optional<http::Principal>> SessionCache::authenticate(const http::Request& request) {
    const auto bearer = request.bearer();
    const auto hash = bearer ? key_hash(*bearer) : token_hash(token_of(request));
    if (!hash) co_return std::nullopt;

    std::optional<Entry> found;
    Entry* entry = remembered(*hash);
    if (entry == nullptr) {
        found = co_await look_up(*hash, bearer.has_value());
        if (!found) co_return std::nullopt;
        entry = &*found;
    }
    const auto principal = entry->principal;
    const bool due = is_due_for_touch(*entry);
    if (found) remember(std::move(*found));
    if (due) touch(principal, request, co_await net::this_executor());
    co_return principal;
}

void SessionCache::touch(const http::Principal& principal, const http::Request& request, Executor executor) {
    if (principal.key)
        net::spawn(executor,
                   note_key_use(db_, KeyId{principal.key->id}, access::shorten_network(request.peer)),
                   request.id);
    else
        net::spawn(executor, touch_session(db_, principal.session), request.id);
}

SessionCache::Entry* SessionCache::remembered(const crypto::Digest& hash) {
    const auto at = by_hash_.find(hash);
    if (at == by_hash_.end()) return nullptr;
    const auto entry = at->second;
    const auto time = clock_();
    if (time >= entry->known_since + lifetime || time >= entry->expires) {
        drop(entry);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return &*entry;
}

Task<std::optional<SessionCache::Entry>> SessionCache::look_up(crypto::Digest hash, bool as_key) {
    Entry entry;
    entry.hash = hash;
    entry.known_since = clock_();
    entry.forgotten = forgotten_;
    const auto rows = co_await db_.query(as_key ? look_up_key_sql : look_up_sql, hash);
    if (rows.empty()) co_return std::nullopt;
    const auto row = rows[0];
    entry.principal = principal_of(row, as_key);
    entry.last_seen = row.get<std::optional<Time>>(3).value_or(Time{});
    entry.expires = row.get<Time>(4);
    co_return entry;
}

void SessionCache::remember(Entry entry) {
    // Something ended while the database was asked: it may have been this session.
    if (!trusted_ || entry.forgotten != forgotten_) return;
    if (const auto known = by_hash_.find(entry.hash); known != by_hash_.end()) drop(known->second);
    if (entries_.size() >= capacity) drop(std::prev(entries_.end()));
    const auto hash = entry.hash;
    entries_.push_front(std::move(entry));
    by_hash_[hash] = entries_.begin();
}

bool SessionCache::is_due_for_touch(Entry& entry) const {
    const auto time = clock_();
    if (time < entry.last_seen + touch_interval) return false;
    entry.last_seen = time;
    return true;
}

void SessionCache::forget(std::string_view payload) {
    if (const auto user = UserId::parse(payload)) return forget_user(*user);
    if (const auto hash = parse_digest(payload)) return forget_session(*hash);
    flush();  // a payload of a newer release: better forget too much
}

void SessionCache::forget_session(const crypto::Digest& token_hash) {
    ++forgotten_;
    if (const auto at = by_hash_.find(token_hash); at != by_hash_.end()) drop(at->second);
}

void SessionCache::forget_user(UserId user) {
    ++forgotten_;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto next = std::next(entry);
        if (entry->principal.user == user.value) drop(entry);
        entry = next;
    }
}

void SessionCache::flush() {
    ++forgotten_;
    by_hash_.clear();
    entries_.clear();
}

void SessionCache::set_trusted(bool trusted) {
    trusted_ = trusted;
    flush();
}

void SessionCache::drop(Entries::iterator entry) {
    by_hash_.erase(entry->hash);
    entries_.erase(entry);
}

}  // namespace bb::accounts
