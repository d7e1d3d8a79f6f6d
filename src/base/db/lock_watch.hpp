#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/db/session.hpp"

namespace bb::db {

/// Watches, over a connection of its own, for what and for whom a session waits. Opens that connection only
/// when it lives for longer than `patience`.
class LockWatch {
public:
    LockWatch(Session& session, std::chrono::milliseconds patience);
    ~LockWatch();
    LockWatch(const LockWatch&) = delete;

    /// What was waited for last: "table threads, which PostgreSQL's process 4711 (psql, from 10.0.0.7)
    /// holds".
    std::string seen();

private:
    void run(std::string conninfo, int pid, std::chrono::milliseconds patience);
    bool over_within(std::chrono::milliseconds time);

    std::mutex mutex_;
    std::condition_variable woken_;
    bool over_ = false;
    std::string seen_ = "a lock that somebody holds";
    std::thread thread_;
};

/// "PostgreSQL's process 4711 (psql, from 10.0.0.7)".
std::string describe_process(int pid, const std::string& application, const std::string& place);

}  // namespace bb::db
