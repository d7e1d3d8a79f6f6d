#pragma once
#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/core/crypto.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/request.hpp"
#include "features/accounts/types.hpp"

namespace bb::accounts {

/// Who belongs to which session token or API key, remembered for at most a minute by one loop. Use it only on
/// that loop.
///
/// A session or key that ends is forgotten through forget(), fed from the channel `session_ended`. While that
/// channel is not heard the cache must not be trusted: it starts so, and every request then asks the
/// database.
class SessionCache {
public:
    using Clock = Time (*)();
    static constexpr std::size_t capacity = 4096;
    static constexpr std::chrono::seconds lifetime{60};

    explicit SessionCache(db::Database& db, Clock clock = now) : db_(db), clock_(clock) {}
    SessionCache(const SessionCache&) = delete;

    /// Finds out who sends `request` (which must outlive the call) by its API key or, when it bears none, by
    /// its session cookie; nullopt when nobody is known by that. Keeps a session in use alive and notes the
    /// use of a key, in the background. Throws db::Unavailable.
    Task<std::optional<http::Principal>> authenticate(const http::Request& request);

    /// Takes a payload of `session_ended`: the hash of a token in hexadecimal, or the id of a person.
    void forget(std::string_view payload);
    void forget_session(const crypto::Digest& token_hash);
    void forget_user(UserId user);
    /// Forgets everyone.
    void flush();
    /// Says whether `session_ended` is being heard. Either way everyone is forgotten.
    void set_trusted(bool trusted);

    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        crypto::Digest hash;
        http::Principal principal;
        Time last_seen{};
        Time expires;
        Time known_since;
        std::uint64_t forgotten;  // how much had been forgotten when the database was asked
    };
    struct HashOfDigest {
        std::size_t operator()(const crypto::Digest& digest) const noexcept;
    };
    using Entries = std::list<Entry>;

    /// The entry of a session that may be believed without asking, or null.
    Entry* remembered(const crypto::Digest& hash);
    Task<std::optional<Entry>> look_up(crypto::Digest hash, bool as_key);
    /// Moves on, in the background, when the entry's row was seen last.
    void touch(const http::Principal& principal, const http::Request& request, Executor executor);
    void remember(Entry entry);
    void drop(Entries::iterator entry);
    /// True once per ten minutes of use: the row's last_seen_at and expires_at are to be moved on.
    bool is_due_for_touch(Entry& entry) const;

    db::Database& db_;
    Clock clock_;
    bool trusted_ = false;
    std::uint64_t forgotten_ = 0;  // grows whenever something is forgotten
    Entries entries_;              // most recently used first
    std::unordered_map<crypto::Digest, Entries::iterator, HashOfDigest> by_hash_;
};

}  // namespace bb::accounts
