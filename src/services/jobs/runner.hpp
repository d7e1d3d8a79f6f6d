#pragma once
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/net/timer.hpp"
#include "services/jobs/queue.hpp"

namespace bb::jobs {

/// Somebody asked for an early end of work in hand.
class Stopped : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Does the work of one kind, one piece after the other. Belongs to one loop; what it is given must outlive
/// it.
class Runner {
public:
    Runner(db::Database& db, const char* kind) : db_(db), kind_(kind) {}
    virtual ~Runner() = default;
    Runner(const Runner&) = delete;

    /// Does the next piece that waits. False when none does.
    Task<bool> work_next();
    /// Does one after the other until stop(). Several of these may run at once.
    Task<void> keep_working();
    /// Work of `kind` has come in (channel "job_waits"): looks at once, if it is ours.
    void wake(std::string_view kind);
    /// Takes no more, and gives what is in hand back as soon as can be.
    void stop();
    bool has_stopped() const { return in_hand_ == 0; }

protected:
    db::Database& db() const { return db_; }
    std::stop_token stopping() const { return stop_.get_token(); }

    /// Does the work of a job, and takes it off the queue with its result. Throws Stopped at an early end;
    /// what else it throws puts the job off, or gives it up after a few attempts.
    virtual Task<void> carry_out(const Job& job) = 0;
    /// A job is put off, for this reason of ours.
    virtual void on_put_off(const Job& job, const std::string& reason) = 0;
    /// Parks a job, and says so where its result would be.
    virtual Task<void> give_up(const Job& job, std::string reason) = 0;

private:
    /// How it went to carry a job out.
    struct Outcome {
        bool done = false;
        bool stopped = false;
        std::string fault;  // otherwise
    };
    Task<void> sleep(std::chrono::milliseconds time);
    /// Carries a job out, and keeps it in hand meanwhile and no longer.
    Task<Outcome> attempt(const Job& job);
    /// Puts a job off that was not done, or gives it back or up. False when no more are to be taken.
    Task<bool> settle(const Job& job, const Outcome& outcome);

    db::Database& db_;
    const char* kind_;
    std::stop_source stop_;
    int in_hand_ = 0;
    std::vector<net::Timer*> sleeping_;
};

}  // namespace bb::jobs
