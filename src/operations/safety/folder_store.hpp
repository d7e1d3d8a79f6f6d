#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "operations/safety/store.hpp"

namespace bb::safety {

/// A folder of backups: one folder each, named by its id. What is not finished has another name, so that
/// whatever is there is whole.
class FolderStore : public Store {
public:
    explicit FolderStore(std::filesystem::path root) : root_(std::move(root)) {}

    std::string name() const override { return root_.string(); }
    std::vector<std::string> environment() const override { return {}; }
    std::optional<std::string> folder() const override { return root_.string(); }
    std::optional<std::uint64_t> free_bytes() const override;

    /// Makes the folder (mode 0700) when it is missing.
    void prepare() const override;
    std::unique_ptr<Lock> lock() const override;

    std::vector<Entry> list(std::string_view under) const override;
    std::vector<std::string> folders() const override;
    std::optional<std::string> get(std::string_view name) const override;
    void put(std::string_view name, std::string_view content) const override;
    void remove(std::string_view name) const override;
    std::unique_ptr<ObjectWriter> write(std::string_view name) const override;
    http::FileBody read(std::string_view name) const override;

    std::string draft(std::string_view id) const override;
    void publish(std::string_view id, std::string_view manifest) const override;
    void discard(std::string_view id) const override;
    void withdraw(std::string_view id) const override;
    int remove_drafts() const override;

private:
    std::filesystem::path root_;
};

/// The whole text of a small file. Throws std::runtime_error.
std::string read_small_file(const std::filesystem::path& file);
/// Writes a file whole or not at all, on the disk (fsync) when this returns. Throws std::system_error.
void write_small_file(const std::filesystem::path& file, std::string_view text);

}  // namespace bb::safety
