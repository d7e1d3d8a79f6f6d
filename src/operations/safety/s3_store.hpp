#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/client/s3.hpp"
#include "operations/safety/s3_lock.hpp"
#include "operations/safety/store.hpp"
#include "services/blobs/s3_session.hpp"

namespace bb::safety {

/// A part of a bucket of S3, or of a service that speaks like it. The manifest of a backup is stored last,
/// and what has none is no backup.
class S3Store : public Store {
public:
    /// `prefix`: in front of all names, without a slash at its end; may be empty. `ca_file`: authorities
    /// whose certificates are believed; empty: the system's. Asks nothing yet.
    S3Store(client::S3Options options, std::string prefix, std::string ca_file);

    std::string name() const override;
    std::vector<std::string> environment() const override;
    std::optional<std::string> folder() const override { return std::nullopt; }
    std::optional<std::uint64_t> free_bytes() const override { return std::nullopt; }

    void prepare() const override;
    std::unique_ptr<Lock> lock() const override;

    std::vector<Entry> list(std::string_view under) const override;
    std::vector<std::string> folders() const override;
    std::optional<std::string> get(std::string_view name) const override;
    void put(std::string_view name, std::string_view content) const override;
    void remove(std::string_view name) const override;
    std::unique_ptr<ObjectWriter> write(std::string_view name) const override;
    http::FileBody read(std::string_view name) const override;

    std::string draft(std::string_view id) const override { return std::string(id); }
    void publish(std::string_view id, std::string_view manifest) const override;
    void discard(std::string_view id) const override;
    void withdraw(std::string_view id) const override;
    int remove_drafts() const override;

private:
    std::string key_of(std::string_view name) const { return prefix_ + std::string(name); }
    template <class Use>
    void each_page(const std::string& prefix, const std::string& delimiter, Use&& use) const;

    client::S3Options options_;
    std::string prefix_;  // with its slash
    std::string ca_file_;
    std::shared_ptr<S3Session> session_;
    std::shared_ptr<SeenLock> seen_lock_;
};

}  // namespace bb::safety
