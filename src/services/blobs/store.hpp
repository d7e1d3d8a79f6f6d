#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/uuid.hpp"
#include "base/http/file_body.hpp"
#include "services/secrets/sealed.hpp"

namespace bb::blobs {

/// A stored file, named by its content.
struct Stored {
    Uuid owner;
    crypto::Digest digest{};

    auto operator<=>(const Stored&) const = default;
};

/// "<owner>/<SHA-256>": what a sealed file is bound to, and how people are told of it.
std::string name_of(const Stored& file);
/// Hands over all that `from` gives, piece by piece.
void copy_all(http::FileSource& from, const std::function<void(std::string_view)>& to);
/// Writes all of `bytes`. Throws std::system_error with `what`.
void write_all(int descriptor, std::string_view bytes, const char* what);

/// Uploaded files, named by their content and kept once per owner. What was discarded waits aside until it is
/// erased. Calls block, so run them on a BlockingPool; safe from any thread and several processes. All of
/// them throw std::system_error (no space, no right) or std::runtime_error with a sentence (Away: the place
/// does not answer).
class Store {
public:
    enum class Adopt { missing, always };
    /// What is known of a file without opening it.
    struct Listed {
        Stored file;
        std::uint64_t bytes = 0;      ///< as it lies there, sealed
        std::chrono::seconds age{0};  ///< since it was stored, or discarded
        bool discarded = false;
    };

    /// A write that has not ended: it is under way, or broke off.
    struct Unfinished {
        std::string name;                         ///< name_of() its file, or what else it is called there
        std::optional<std::chrono::seconds> age;  ///< since it began; none: the place does not tell
    };

    virtual ~Store() = default;

    /// For people: a folder, or "s3://BUCKET/PREFIX".
    virtual std::string name() const = 0;
    /// Tells it from all others, also where another has its name on another service.
    virtual std::string place() const { return name(); }

    /// Stores `content`, whose SHA-256 is `digest`, sealed with `key`. It is kept for good under that name
    /// when this returns, so a row that names it may be committed.
    virtual void put(const Uuid& owner, const crypto::Digest& digest, http::FileSource& content,
                     const secrets::Key& key) = 0;

    /// The same of a file on a disk of this machine that is sealed with `key` for this place already. It
    /// stays there, perhaps as the same file under two names: it must not be written to any more.
    virtual void put_file(const Stored& file, const std::filesystem::path& sealed,
                          const secrets::Key& key) = 0;

    /// Opens a stored file for reading; nullopt when it is not there, or was not sealed with `key`. Without a
    /// key it is read as it lies there. What is given reads from a disk of this machine. Throws net::Busy.
    virtual std::optional<http::FileBody> open(const Uuid& owner, const crypto::Digest& digest,
                                               const std::optional<secrets::Key>& key) const = 0;

    /// Stores what was sealed for this place elsewhere as it is, for good as put() does.
    virtual void put_sealed(const Stored& file, http::FileSource& sealed) = 0;
    /// Whether open() without a key would find it, without reading it.
    virtual bool has(const Stored& file) const = 0;
    /// Puts the sealed file `from` in the place of `file` as it is, and takes it away from there; with
    /// `missing` only when there is none, or it was the same. sync() makes it last. Throws as must_take().
    virtual void adopt(const Stored& file, const std::filesystem::path& from, Adopt which) = 0;
    /// Throws std::runtime_error with a sentence when `from` may not lie here as it is.
    virtual void must_take(const std::filesystem::path& /*from*/) const {}
    /// Everything that was put in place is kept for good when this returns.
    virtual void sync() const = 0;

    /// Every file, discarded ones too.
    virtual std::vector<Listed> list() const = 0;
    /// Files that nobody has stored for `age`. An upload between put() and its commit is younger than that.
    std::vector<Stored> older_than(std::chrono::seconds age) const;
    /// Files that were discarded `age` ago or earlier.
    std::vector<Stored> discarded(std::chrono::seconds age) const;

    /// Takes a file out of use unless somebody has stored it again within `age`; false when it stays. It can
    /// be taken back, and is still opened, until it is erased.
    virtual bool discard(const Stored& file, std::chrono::seconds age) = 0;
    /// Undoes discard(); false when there is nothing to take back.
    virtual bool take_back(const Stored& file) = 0;
    /// Removes a file for good that was discarded `age` ago or earlier.
    virtual bool erase(const Stored& file, std::chrono::seconds age) = 0;

    /// Removes a file for good, whether or not it was discarded.
    virtual void remove(const Stored& file) = 0;
    /// Removes all files of `owner` for good, discarded ones too.
    virtual void erase_owner(const Uuid& owner) = 0;

    /// Writes that have not ended and cost room until they do: a bucket's uploads in parts. None where a
    /// place has no such thing.
    virtual std::vector<Unfinished> unfinished() const { return {}; }
    /// Removes what writes that broke off `age` ago or earlier have left behind. Returns how many.
    virtual std::size_t remove_leftovers(std::chrono::seconds age) = 0;

    /// The database whose rows name these files, as set_database() has noted it; empty when nothing has.
    virtual std::string database() const = 0;
    virtual void set_database(std::string_view identity) = 0;

    /// `watch` is called about twice a second while an answer is waited for, on any thread; what it throws
    /// comes out of the call that waits. To be set before the first of them.
    void watch_with(std::function<void()> watch) { watch_ = std::move(watch); }

protected:
    std::function<void()> watch_ = []() {
    };
};

}  // namespace bb::blobs
