#pragma once
#include <memory>
#include <thread>

#include "app/node.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::app {

/// One event loop on a thread of its own, with everything that serves requests there: database connections,
/// repositories, routes, HTTP server. Loops share nothing but the Node.
class Worker {
public:
    /// `loop`: its number, from 0.
    Worker(Node& node, int loop);
    ~Worker();
    Worker(const Worker&) = delete;

    Executor executor();
    /// Starts the thread.
    void start();
    /// Serves the connections of a listening descriptor from now on. From any thread.
    void listen(int descriptor);
    /// Finishes requests and replies within `limit`, then closes everything and ends the loop. From any
    /// thread.
    void drain(std::chrono::milliseconds limit);
    void join();

    /// A database notification, and whether they are heard at all. From any thread.
    void notified(std::string channel, std::string payload);
    void notifications_heard(bool heard);

    /// For the first loop, through run(): ends what a killed predecessor left, now and from time to time.
    Task<void> keep_house();

    /// Runs a task on this loop and waits for it, from another thread. Rethrows what it throws.
    void run(std::function<Task<void>(Worker&)> task);
    /// For tasks of run().
    db::Database& database();

    struct Parts;

private:
    Task<void> finish(std::chrono::milliseconds limit);

    const int loop_;
    std::unique_ptr<Parts> parts_;
    std::thread thread_;
};

}  // namespace bb::app
