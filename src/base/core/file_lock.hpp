#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace bb {

/// A lock on a file that the kernel gives back when the process ends, however it ends.
class FileLock {
public:
    enum class Kind { shared, exclusive };

    /// Takes the lock if it is free at once. Throws std::system_error when the file cannot be opened.
    static std::optional<FileLock> try_take(const std::filesystem::path& path, Kind kind);
    /// Waits for the lock; nullopt after `limit`.
    static std::optional<FileLock> take(const std::filesystem::path& path, Kind kind,
                                        std::chrono::milliseconds limit);

    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;
    ~FileLock();

    /// Replaces the content of the locked file, e.g. by the number of this process.
    void write(const std::string& text);

private:
    explicit FileLock(int fd) : fd_(fd) {}
    int fd_;
};

}  // namespace bb
