#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace bb::log {

/// How much is kept.
struct FileLimits {
    int days = 14;                           // since the last line of a file
    std::uint64_t file_bytes = 16u << 20;    // of one file; a process has one open
    std::uint64_t total_bytes = 400u << 20;  // of closed files: with the open ones of seven processes 512 MiB
    std::size_t files = 1000;
    std::uint64_t room_left = 64u << 20;  // bytes of the disk that are left to others
};

/// The folder of the log. Every process writes files of its own there, a new one each day (UTC) and after
/// `file_bytes`, so that any number of them need not know of each other; each removes what is too old or too
/// much, whoever wrote it. What the disk does not take is counted and dropped.
class LogFiles {
public:
    /// Hears that no lines can be kept in the folder, and why; and, with no fault, that they are kept again.
    /// Must not write to this log.
    using Tell = std::function<void(const std::filesystem::path& folder, std::string_view fault)>;

    explicit LogFiles(Tell tell = {});
    ~LogFiles();
    LogFiles(const LogFiles&) = delete;

    /// Where lines go from now on; the first ones before that are kept for it. May be called beside write().
    void open(std::filesystem::path folder, FileLimits limits);
    /// Appends whole lines. For one thread.
    void write(std::string_view lines);

    /// Whether a file of this name is one of ours: "20261122T201000Z-3f9a1c02.jsonl".
    static bool is_ours(std::string_view name);

private:
    using Clock = std::chrono::steady_clock;

    /// Makes a file ready that takes `bytes` more; false when there is none.
    bool make_ready(std::size_t bytes);
    bool open_folder();
    bool open_file();
    bool has_room();
    bool still_there() const;
    void close_file();
    void prune() const;
    /// Bytes that went out; fewer than there are when the disk refuses more.
    std::size_t write_some(std::string_view text);
    /// False, and why nothing can be kept.
    bool refused(std::string_view what, int reason);
    /// Says what has changed; the same once.
    void tell();

    const Tell tell_;
    std::mutex mutex_;  // of the next three
    std::filesystem::path folder_;
    FileLimits limits_;
    std::string early_;

    FileLimits now_;  // what the writing thread goes by
    std::filesystem::path path_;
    int folder_fd_ = -1;
    int file_ = -1;
    std::string name_;
    std::int64_t day_ = 0;
    std::uint64_t size_ = 0;
    std::size_t lost_ = 0;  // lines
    bool torn_ = false;     // the file ends inside a line
    std::string fault_;     // of the last write; empty: it went well
    bool told_ = false;     // of a fault, and not yet of its end
    std::optional<Clock::time_point> told_at_;
    Clock::time_point looked_{};
    std::optional<Clock::time_point> pruned_;  // none: at the next write
};

}  // namespace bb::log
