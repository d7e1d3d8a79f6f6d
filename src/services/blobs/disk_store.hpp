#pragma once
#include "services/blobs/store.hpp"

namespace bb::blobs {

/// Uploaded files on disk: <root>/<owner>/<first two digits>/<SHA-256>. What was discarded waits under
/// <root>/trash.
class DiskStore : public Store {
public:
    /// Makes the folder (mode 0700) when it is missing. Throws std::filesystem::filesystem_error.
    explicit DiskStore(std::filesystem::path root);

    std::string name() const override { return root_.string(); }
    void put(const Uuid& owner, const crypto::Digest& digest, http::FileSource& content,
             const secrets::Key& key) override;
    void put_file(const Stored& file, const std::filesystem::path& sealed, const secrets::Key& key) override;
    std::optional<http::FileBody> open(const Uuid& owner, const crypto::Digest& digest,
                                       const std::optional<secrets::Key>& key) const override;
    void put_sealed(const Stored& file, http::FileSource& sealed) override;
    bool has(const Stored& file) const override;
    void adopt(const Stored& file, const std::filesystem::path& from, Adopt which) override;
    void sync() const override;
    std::vector<Listed> list() const override;
    bool discard(const Stored& file, std::chrono::seconds age) override;
    bool take_back(const Stored& file) override;
    bool erase(const Stored& file, std::chrono::seconds age) override;
    void remove(const Stored& file) override;
    void erase_owner(const Uuid& owner) override;
    std::size_t remove_leftovers(std::chrono::seconds age) override;
    std::string database() const override;
    void set_database(std::string_view identity) override;

private:
    void put_in_place(const std::filesystem::path& temporary, const std::filesystem::path& place) const;
    bool renew_if_sealed(const std::filesystem::path& file, const Uuid& owner, const crypto::Digest& digest,
                         const secrets::Key& key) const;
    std::filesystem::path path_of(const Uuid& owner, const crypto::Digest& digest) const;
    std::filesystem::path trash_path_of(const Stored& file) const;
    bool remove_if_old(const std::filesystem::path& file, std::chrono::seconds age) const;

    std::filesystem::path root_;
};

}  // namespace bb::blobs
