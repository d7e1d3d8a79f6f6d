#pragma once
#include <atomic>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "operations/safety/backup_key.hpp"
#include "operations/safety/recovery_window.hpp"

namespace bb::safety {

/// Gives a recovering PostgreSQL the segments of its log one by one as it asks for them, so that neither a
/// copy of the whole log nor a key has to lie on the disk. A thread of its own.
class WalSource {
public:
    /// `folder`: an empty one beside the server's. Without a window it has no segment to give. The references
    /// must outlive it.
    WalSource(std::filesystem::path folder, const Destination& place, const BackupKeys& keys,
              const RecoveryWindow* window);
    ~WalSource();
    WalSource(const WalSource&) = delete;

    /// For postgresql.conf: this program asks for a segment and waits until it is there, so that neither a
    /// shell nor its tools are needed. `folder` as the server, whose folder it is relative to, sees it.
    static std::string restore_command(const std::string& folder);
    /// Throws what went wrong here, if something did: then the server was not given all that there is.
    void check() const;

private:
    void run();
    void answer(const std::string& file);
    std::string segment(const SegmentStart& start) const;

    std::filesystem::path folder_;
    const Destination& place_;
    const BackupKeys& keys_;
    const RecoveryWindow* window_;
    std::atomic<bool> over_{false};
    std::atomic<bool> failed_{false};
    std::exception_ptr fault_;
    std::thread thread_;
};

/// What restore_command() begins; nullopt when the words are others.
std::optional<int> fetch_as_child(int argc, char** argv);

}  // namespace bb::safety
