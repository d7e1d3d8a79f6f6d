#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bb::db {

/// The private PostgreSQL inside a data folder: made when missing, started, shared, stopped.
///
/// Any number of processes may hold one for the same folder. The first starts PostgreSQL, the others find it
/// running, the last to let go stops it. A PostgreSQL that outlived its starter is taken over; the remains of
/// one that was killed are cleared and its data recovered. Layout of the data folder: postgres/ (the
/// cluster), postgres.log, run/ (socket and locks).
class ManagedCluster {
public:
    struct Options {
        std::filesystem::path data;  ///< absolute, belongs to this account, mode 0700
        /// Told what takes long or is unusual, one sentence each.
        std::function<void(std::string_view)> say = [](std::string_view) {
        };
        bool durable = true;  ///< false: do not wait for the disk; for data that may vanish
        /// True: PostgreSQL is killed when the thread that started it ends.
        bool ends_with_us = false;
        /// How long its start may take: a recovery reads all of the log that it is given.
        std::chrono::seconds longest_start{600};
        /// Called while a start is waited for; throws to give it up.
        std::function<void()> watch = []() {
        };
    };

    /// Returns when PostgreSQL takes connections. Throws std::runtime_error with a sentence for the operator:
    /// root, no or another PostgreSQL, a disk that is full, a start that failed (with the end of its log).
    explicit ManagedCluster(Options options);
    /// Lets go: stops PostgreSQL (smart, then fast) unless another process holds it too.
    ~ManagedCluster();
    ManagedCluster(ManagedCluster&&) noexcept;
    ManagedCluster& operator=(ManagedCluster&&) noexcept;

    /// For libpq, as the application's role in its own database.
    std::string conninfo() const;
    /// For libpq, as the superuser (maintenance; never for requests).
    std::string superuser_conninfo() const;
    /// True when PostgreSQL was running already.
    bool adopted() const;
    /// Number of the postmaster now.
    int pid() const;
    /// From now on a thread watches: it starts PostgreSQL again when it dies and bounds postgres.log.
    void supervise();
    /// What the destructor does, with the answer: false when others go on using it.
    bool stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Makes the cluster `data`/postgres with its role and database, whole or not at all. Throws
/// std::runtime_error.
void create_cluster(const std::filesystem::path& data, const std::filesystem::path& binaries, bool durable);

/// The folder for the socket: `data`/run, or a short one under /tmp when that path is too long for a socket.
/// Throws std::runtime_error when the short one belongs to someone else.
std::filesystem::path socket_folder(const std::filesystem::path& data);

}  // namespace bb::db
