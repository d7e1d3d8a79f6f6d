#pragma once
#include <memory>
#include <mutex>

#include "base/client/s3.hpp"
#include "services/blobs/s3_session.hpp"
#include "services/blobs/store.hpp"

namespace bb::blobs {

class Spool;

/// Where in a bucket files are kept, and how it is reached.
struct BucketPlace {
    client::S3Options bucket;
    std::string prefix;           ///< in front of all keys, without a slash at its end; may be empty
    std::string ca_file;          ///< as client::HttpClient takes it
    std::filesystem::path spool;  ///< folder for nameless files, while they are read
};

/// Uploaded files in a bucket of S3, or of a service that speaks like it. Each put() makes an object of its
/// own, <prefix>/files/<owner>/<SHA-256>/<id>, of which the last counts: who removes others never meets one
/// that is just being stored, and no lock is needed. A file is discarded by an empty object,
/// <prefix>/trash/<owner>/<SHA-256>, that is not older. Ages are by the service's clock; without its times
/// nothing is old. Files are read into a nameless file of this machine first.
class BucketStore : public Store {
public:
    /// Asks nothing yet.
    explicit BucketStore(BucketPlace place);

    std::string name() const override;
    std::string place() const override;
    void put(const Uuid& owner, const crypto::Digest& digest, http::FileSource& content,
             const secrets::Key& key) override;
    void put_file(const Stored& file, const std::filesystem::path& sealed, const secrets::Key& key) override;
    std::optional<http::FileBody> open(const Uuid& owner, const crypto::Digest& digest,
                                       const std::optional<secrets::Key>& key) const override;
    void put_sealed(const Stored& file, http::FileSource& sealed) override;
    bool has(const Stored& file) const override;
    void adopt(const Stored& file, const std::filesystem::path& from, Adopt which) override;
    /// Nothing that is not sealed leaves this machine.
    void must_take(const std::filesystem::path& from) const override;
    /// What was put is kept for good already.
    void sync() const override {}
    std::vector<Listed> list() const override;
    bool discard(const Stored& file, std::chrono::seconds age) override;
    bool take_back(const Stored& file) override;
    bool erase(const Stored& file, std::chrono::seconds age) override;
    void remove(const Stored& file) override;
    void erase_owner(const Uuid& owner) override;
    std::vector<Unfinished> unfinished() const override;
    /// Uploads in parts only when they are a day old: they may still go on.
    std::size_t remove_leftovers(std::chrono::seconds age) override;
    std::string database() const override;
    void set_database(std::string_view identity) override;

    /// One of them, with its age when it was listed.
    struct Object {
        client::S3Object object;
        std::optional<std::chrono::seconds> age;
    };

private:
    class Sessions;
    std::string key_of(std::string_view below) const { return prefix_ + std::string(below); }
    std::string files_key(const Stored& file) const;
    std::string trash_key(const Stored& file) const;
    /// What is below `prefix`; what was stored last is last.
    std::vector<Object> objects(const std::string& prefix) const;
    std::optional<Object> marker_of(const Stored& file) const;
    http::SharedDescriptor spooled(const Uuid& owner, const client::S3Object& object) const;
    void store(const Stored& file, const std::function<void(const std::function<void(std::string_view)>&)>&);
    void remove_key(const std::string& key) const;
    std::size_t abort_uploads(const std::string& under, std::chrono::seconds age) const;

    BucketPlace place_;
    std::string prefix_;  // with its slash
    std::shared_ptr<Sessions> sessions_;
    std::shared_ptr<Spool> spool_;
};

}  // namespace bb::blobs
