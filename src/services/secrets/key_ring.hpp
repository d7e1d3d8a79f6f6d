#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/core/time.hpp"
#include "base/db/database.hpp"
#include "services/secrets/sealed.hpp"

namespace bb::secrets {

/// A key as an operator may see it.
struct KeyEntry {
    KeyId id;
    Time created_at;
    bool readable;  // false: the secret that sealed it is not known here
};

/// The keys in the table secret_keys, as one loop knows them. Use it only on that loop.
class KeyRing {
public:
    /// How long a key made elsewhere may stay unnoticed by who seals.
    static constexpr std::chrono::seconds remembered{60};

    /// `server_secrets`: the server's secret, which seals new keys, and former ones, which still open theirs.
    KeyRing(db::Database& db, std::vector<std::string> server_secrets);
    KeyRing(const KeyRing&) = delete;

    /// Seals `text` for `place` with the newest key; makes the first key when there is none that can be read.
    Task<std::string> seal(Place place, std::string text);
    /// What was sealed for `place`; nullopt when it was changed, stands elsewhere, or its key cannot be read.
    Task<std::optional<std::string>> open(Place place, std::string sealed);

    /// The newest key that can be read, made when there is none.
    Task<KeyId> newest();
    /// Makes a new key, which seals from now on.
    Task<KeyId> renew();
    /// All keys, newest first; at most 200.
    Task<std::vector<KeyEntry>> list();

private:
    struct Master {
        KeyId id;
        Key key;
    };
    struct Held {
        KeyId id;
        Key key;
    };
    Task<std::vector<KeyEntry>> load();
    Task<Held> sealing_key();
    /// Writes a new key down and tells its id.
    Task<KeyId> keep_new(db::Transaction& tx);
    /// Makes a key, unless there are by now more than the `known` ones, none of which can be read.
    Task<void> make_first(std::size_t known);
    const Held* find(const KeyId& id) const;
    std::optional<Key> unwrap(const KeyId& id, std::string_view sealed_key) const;

    db::Database& db_;
    std::vector<Master> masters_;
    std::vector<Held> held_;  // newest first
    std::chrono::steady_clock::time_point loaded_{};
};

/// The id as it is shown: sixteen hexadecimal digits.
std::string text_of(const KeyId& id);
/// An id from the bytes of a column; nullopt when it is none.
std::optional<KeyId> key_id_from(std::string_view bytes);
/// An id as a parameter of a statement; valid while `id` lives.
db::Bytes parameter(const KeyId& id);

}  // namespace bb::secrets
