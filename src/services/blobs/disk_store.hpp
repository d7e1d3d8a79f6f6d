#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/uuid.hpp"
#include "base/http/file_body.hpp"
#include "services/secrets/sealed.hpp"

namespace bb::blobs {

/// Uploaded files on disk, named by their content: <root>/<owner>/<first two digits>/<SHA-256>. The same file
/// twice is kept once per owner. What was discarded waits under <root>/trash. Calls block, so run them on a
/// BlockingPool; safe from any thread and several processes.
class DiskStore {
public:
    /// Makes the folder (mode 0700) when it is missing. Throws std::filesystem::filesystem_error.
    explicit DiskStore(std::filesystem::path root);

    /// Stores `content`, whose SHA-256 is `digest`, sealed with `key`. It is on the disk (fsync) under that
    /// name when this returns, so a row that names it may be committed. Throws std::system_error (no space,
    /// no right).
    void put(const Uuid& owner, const crypto::Digest& digest, http::FileSource& content,
             const secrets::Key& key);

    /// Opens a stored file for reading; nullopt when it is not there, or was not sealed with `key`. Without a
    /// key it is read as it lies there.
    std::optional<http::FileBody> open(const Uuid& owner, const crypto::Digest& digest,
                                       const std::optional<secrets::Key>& key) const;

    /// A stored file.
    struct Stored {
        Uuid owner;
        crypto::Digest digest{};

        auto operator<=>(const Stored&) const = default;
    };
    enum class Adopt { missing, always };
    /// Puts the sealed file `from`, best of the same disk, in the place of `file` as it is; with `missing`
    /// only when there is none, or it was the same. sync() makes it last. Throws std::system_error.
    void adopt(const Stored& file, const std::filesystem::path& from, Adopt which);
    /// Everything that was put in place is on the disk when this returns.
    void sync() const;

    /// Files that nobody has stored for `age`. An upload between put() and its commit is younger than that.
    std::vector<Stored> older_than(std::chrono::seconds age) const;

    /// Takes a file out of use unless somebody has stored it again within `age`; false when it stays. It can
    /// be taken back, and is still opened, until it is erased.
    bool discard(const Stored& file, std::chrono::seconds age);
    /// Files that were discarded `age` ago or earlier.
    std::vector<Stored> discarded(std::chrono::seconds age) const;
    /// Undoes discard(); false when there is nothing to take back.
    bool take_back(const Stored& file);
    /// Removes a file for good that was discarded `age` ago or earlier.
    bool erase(const Stored& file, std::chrono::seconds age);

    /// Removes a file for good, whether or not it was discarded.
    void remove(const Stored& file);
    /// Removes all files of `owner` for good, discarded ones too.
    void erase_owner(const Uuid& owner);

    /// Removes what writes that broke off have left behind. Returns how many.
    std::size_t remove_leftovers(std::chrono::seconds age);

    /// The database whose rows name these files, as set_database() has noted it; empty when nothing has.
    std::string database() const;
    void set_database(std::string_view identity);

private:
    bool renew_if_sealed(const std::filesystem::path& file, const Uuid& owner, const crypto::Digest& digest,
                         const secrets::Key& key) const;
    std::filesystem::path path_of(const Uuid& owner, const crypto::Digest& digest) const;
    std::filesystem::path trash_path_of(const Stored& file) const;
    bool remove_if_old(const std::filesystem::path& file, std::chrono::seconds age) const;

    std::filesystem::path root_;
};

}  // namespace bb::blobs
