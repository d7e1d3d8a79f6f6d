#include "services/jobs/runner.hpp"

#include <memory>

#include "base/core/log.hpp"

namespace bb::jobs {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds lease{60};
constexpr std::chrono::seconds renewal{15};
// What comes in is told by the database. This is for what was put off, and for what nobody heard of.
constexpr milliseconds look_again{1'000}, pause_after_failure{10'000};
constexpr int most_attempts = 5;

/// A job in hand, and the clock that keeps it there.
struct Hold {
    explicit Hold(const Executor& executor) : clock(executor), renewed(executor) {}
    void end() {
        ended = true;
        clock.cancel();
    }

    net::Timer clock;
    net::Timer renewed;  // cancelled when the renewal under way is over
    bool renewing = false;
    bool ended = false;
};

/// Says every now and then that the job is in hand, until the hold has ended.
Task<void> keep_hold(db::Database& db, Job job, std::shared_ptr<Hold> hold) {
    while (!hold->ended) {
        hold->clock.expires_after(renewal);
        co_await hold->clock.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable_t<Executor>()));
        if (hold->ended) co_return;
        hold->renewing = true;
        try {
            co_await renew(db, job, lease);
        } catch (const std::exception& failure) {
            log::warn("a job in hand was not renewed", {{"reason", failure.what()}});
        }
        hold->renewing = false;
        hold->renewed.cancel();
    }
}

/// Ends a hold. A renewal under way is waited for: it must not come after what is said of the job next.
Task<void> end_hold(std::shared_ptr<Hold> hold) {
    hold->end();
    if (!hold->renewing) co_return;
    hold->renewed.expires_after(renewal);
    co_await hold->renewed.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable_t<Executor>()));
}

}  // namespace

Task<bool> Runner::work_next() {
    const auto job = co_await claim(db_, kind_, lease);
    if (!job) co_return false;
    Outcome outcome;
    if (job->attempts > most_attempts)
        outcome.fault = "servers died or failed while they were at it";
    else
        outcome = co_await attempt(*job);
    co_return co_await settle(*job, outcome);
}

Task<Runner::Outcome> Runner::attempt(const Job& job) {
    const auto executor = co_await net::this_executor();
    const auto hold = std::make_shared<Hold>(executor);
    net::spawn(executor, keep_hold(db_, job, hold));
    struct LetGo {
        Hold& hold;
        ~LetGo() { hold.end(); }
    } let_go{*hold};
    Outcome outcome;
    try {
        co_await carry_out(job);
        outcome.done = true;
    } catch (const db::Unavailable&) {
        throw;  // the lease runs out
    } catch (const Stopped&) {
        outcome.stopped = true;
    } catch (const std::exception& failure) {
        outcome.fault = failure.what();
    }
    co_await end_hold(hold);
    co_return outcome;
}

Task<bool> Runner::settle(const Job& job, const Outcome& outcome) {
    if (outcome.done) co_return true;
    if (outcome.stopped) {
        co_await give_back(db_, job);
        co_return false;
    }
    if (job.attempts >= most_attempts) {
        co_await give_up(job, outcome.fault);
        co_return true;
    }
    on_put_off(job, outcome.fault);
    co_await put_off(db_, job, outcome.fault);
    co_return true;
}

Task<void> Runner::keep_working() {
    while (!stop_.stop_requested()) {
        bool more = false;
        auto pause = look_again;
        ++in_hand_;
        try {
            more = co_await work_next();
        } catch (const std::exception& failure) {
            log::warn("work waits", {{"kind", kind_}, {"reason", failure.what()}});
            pause = pause_after_failure;
        }
        --in_hand_;
        if (!more && !stop_.stop_requested()) co_await sleep(pause);
    }
}

Task<void> Runner::sleep(milliseconds time) {
    net::Timer timer(co_await net::this_executor(), time);
    sleeping_.push_back(&timer);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable_t<Executor>()));
    std::erase(sleeping_, &timer);
}

void Runner::wake(std::string_view kind) {
    if (kind != kind_) return;
    for (net::Timer* timer : sleeping_) timer->cancel();
}

void Runner::stop() {
    stop_.request_stop();
    wake(kind_);
}

}  // namespace bb::jobs
