#pragma once
#include <memory>
#include <thread>

#include "app/node.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/net/loop.hpp"

namespace bb::app {

/// One event loop on a thread of its own, with everything that serves requests there: database connections,
/// repositories, routes, HTTP server. Loops share nothing but the Node.
class Worker {
public:
    /// `number`: of the loop, from 0.
    Worker(Node& node, int number);
    /// After let_go() and take_apart() of all workers: the loop alone is left.
    ~Worker();
    Worker(const Worker&) = delete;

    Executor executor();
    /// Starts the thread.
    void start();
    /// Serves the connections of a listening descriptor from now on. `plain`: without TLS. From any thread.
    void listen(int descriptor, bool plain = false);
    /// Finishes requests and replies within `limit`, then closes everything and ends the loop. For as long as
    /// `idle` connections without any may end by themselves: another process serves everybody then. From any
    /// thread.
    void drain(std::chrono::milliseconds limit, std::chrono::milliseconds idle);
    void join();
    /// Ends the loop at once, if it still runs, and waits for it.
    void halt();
    /// The end of a worker that runs no more, in steps that all workers take together (let go, take apart,
    /// let go): work of one holds ends of others, such as a reply's follower, and lets them go through their
    /// loops.
    void let_go();
    void take_apart();

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
    Task<void> watch_certificate();
    Task<void> finish(std::chrono::milliseconds limit, std::chrono::milliseconds idle);

    const int number_;
    net::Loop loop_;
    std::unique_ptr<Parts> parts_;
    std::thread thread_;
};

}  // namespace bb::app
