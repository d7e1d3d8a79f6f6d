#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/file_body.hpp"
#include "services/blobs/objects.hpp"

namespace bb::safety {

/// The object whose presence makes a backup of what lies beside it.
inline constexpr const char* manifest_name = "manifest.json";

using blobs::Away;
using blobs::ObjectWriter;

/// A place that keeps objects under names like "wal/000000010000000000000001": a folder, or a part of an S3
/// bucket. All of it waits until it is done, and throws std::runtime_error with a sentence that names the
/// place (Away: it does not answer), or std::system_error. For one thread at a time.
class Store {
public:
    struct Entry {
        std::string name;
        std::uint64_t bytes = 0;
    };
    /// Held as long as it lives.
    struct Lock {
        virtual ~Lock() = default;
    };

    virtual ~Store() = default;

    /// As people write it after --from: a path, or "s3://BUCKET/PREFIX".
    virtual std::string name() const = 0;
    /// Options, "NAME=value", with which another process of this program finds the place.
    virtual std::vector<std::string> environment() const = 0;
    /// Folder on a disk of this machine; nothing: it is elsewhere.
    virtual std::optional<std::string> folder() const = 0;
    /// Bytes that are free there for this account; nothing: there is no end of them.
    virtual std::optional<std::uint64_t> free_bytes() const = 0;

    /// Makes the place ready for writing, or says why it cannot be.
    virtual void prepare() const = 0;
    /// Taken by who makes or removes backups. Throws std::runtime_error naming who holds it.
    virtual std::unique_ptr<Lock> lock() const = 0;

    /// Objects whose names begin with `under`, by name.
    virtual std::vector<Entry> list(std::string_view under) const = 0;
    /// What stands in front of the first slash of names, each once.
    virtual std::vector<std::string> folders() const = 0;
    /// The whole of a small object (32 MB at most); nothing: there is none.
    virtual std::optional<std::string> get(std::string_view name) const = 0;
    /// Stores an object whole or not at all, also over one that is there; for good when this returns.
    virtual void put(std::string_view name, std::string_view content) const = 0;
    /// No fault when it is not there.
    virtual void remove(std::string_view name) const = 0;
    /// For an object of any size.
    virtual std::unique_ptr<ObjectWriter> write(std::string_view name) const = 0;
    /// An object of any size, read as it is asked for.
    virtual http::FileBody read(std::string_view name) const = 0;

    /// Under which names the objects of a backup are written until publish().
    virtual std::string draft(std::string_view id) const = 0;
    /// Makes a backup of the draft, with this manifest: from here on it is whole, also after a crash.
    virtual void publish(std::string_view id, std::string_view manifest) const = 0;
    /// Removes a draft.
    virtual void discard(std::string_view id) const = 0;
    /// Removes a backup for good; a crash leaves it whole or a draft.
    virtual void withdraw(std::string_view id) const = 0;
    /// Removes what others have left unfinished; under the lock. Returns how many.
    virtual int remove_drafts() const = 0;

    /// `watch` is called about twice a second while an answer is waited for; what it throws comes out of the
    /// call that waits.
    void watch_with(std::function<void()> watch) { watch_ = std::move(watch); }

protected:
    std::function<void()> watch_ = []() {
    };
};

/// Whether this is the name of a backup: the time to the second and six digits.
bool is_backup_id(const std::string& name);

}  // namespace bb::safety
