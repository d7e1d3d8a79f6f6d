#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/net/pool.hpp"
#include "services/blobs/partial_file.hpp"
#include "services/blobs/stores.hpp"
#include "services/secrets/key_ring.hpp"
#include "services/secrets/rotation.hpp"

namespace bb::blobs {

/// Uploaded files of people, each sealed with a key of its own; the key lies sealed in the table file_keys.
/// Belongs to one loop; the references must outlive it.
class FileStore {
public:
    FileStore(db::Database& db, secrets::KeyRing& keys, const Stores& stores, net::BlockingPool& pool)
        : db_(db), keys_(keys), stores_(stores), pool_(pool) {}
    FileStore(const FileStore&) = delete;

    /// Stores `bytes`, which must live until it is done, and gives their name: a row that names them may then
    /// be committed. Throws as Store, and db::Error.
    Task<crypto::Digest> put(Uuid owner, std::string_view bytes);

    /// Stores the file that `file` is, which no row of another table has to name: it is kept until `until`.
    Task<crypto::Digest> put_until(Uuid owner, http::SharedDescriptor file, Time until);

    /// Stores an upload that is whole, where it lies on the same disk without writing it again.
    Task<crypto::Digest> put_partial(Uuid owner, PartialFile& file);

    /// A stored file; nullopt when it is not there, was changed, or its key cannot be read (logged, with the
    /// id of the request that wants it).
    Task<std::optional<http::FileBody>> open(Uuid owner, crypto::Digest digest, std::string request = {});

    /// Stores the file `digest` of `from` for `to` as well, sealed with a key of its own, piece by piece; as
    /// put() does. False when it is not there, or its key cannot be read; throws where it was changed.
    Task<bool> copy(Uuid from, Uuid to, crypto::Digest digest);

    /// Seals a file that was stored before files were sealed, wherever it lies. False when it is not there as
    /// it was stored.
    Task<bool> seal_older(Uuid owner, crypto::Digest digest);
    /// False: it was stored before files were sealed, or its key cannot be read.
    Task<bool> has_key(Stored file);

    /// Removes a file with its key, at once and for good.
    Task<void> remove(Uuid owner, crypto::Digest digest);

    /// Removes all files of `owner` with their keys.
    Task<void> erase_owner(Uuid owner);

    /// How a file is in one store.
    enum class Copy { whole, missing, changed, no_key };
    /// Reads it to its end, opened. `no_key`: the secret that opens its key is another one.
    Task<Copy> check(const Store& store, Stored file);

    const Stores& stores() const { return stores_; }
    net::BlockingPool& pool() { return pool_; }

private:
    struct Kept;
    Task<Kept> key_of(Uuid owner, crypto::Digest digest);
    Task<secrets::Key> key_to_store_with(Uuid owner, crypto::Digest digest, std::optional<Time> until);

    db::Database& db_;
    secrets::KeyRing& keys_;
    const Stores& stores_;
    net::BlockingPool& pool_;
};

/// file_keys.sealed_key, for rotations.
extern const secrets::SealedColumn file_key_column;

}  // namespace bb::blobs
