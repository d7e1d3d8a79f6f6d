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
    explicit Hold(Executor executor) : clock(std::move(executor)) {}
    net::Timer clock;
    bool ended = false;
};

/// Says every now and then that the job is in hand, until the hold has ended.
Task<void> keep_hold(db::Database& db, Job job, std::shared_ptr<Hold> hold) {
    for (;;) {
        hold->clock.expires_after(renewal);
        co_await hold->clock.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable_t<Executor>()));
        if (hold->ended) co_return;
        try {
            co_await renew(db, job, lease);
        } catch (const std::exception& failure) {
            log::warn("a job in hand was not renewed", {{"reason", failure.what()}});
        }
    }
}

}  // namespace

Task<bool> Runner::work_next() {
    const auto job = co_await claim(db_, kind_, lease);
    if (!job) co_return false;
    const auto executor = co_await net::this_executor();
    const auto hold = std::make_shared<Hold>(executor);
    net::spawn(executor, keep_hold(db_, *job, hold));
    struct LetGo {
        Hold& hold;
        ~LetGo() {
            hold.ended = true;
            hold.clock.cancel();
        }
    } let_go{*hold};
    co_return co_await settle(*job);
}

Task<bool> Runner::settle(const Job& job) {
    std::string fault;
    bool stopped = false;
    if (job.attempts > most_attempts) {
        fault = "servers died or failed while they were at it";
    } else {
        try {
            co_await carry_out(job);
            co_return true;
        } catch (const db::Unavailable&) {
            throw;  // the lease runs out
        } catch (const Stopped&) {
            stopped = true;
        } catch (const std::exception& failure) {
            fault = failure.what();
        }
    }
    if (stopped) {
        co_await give_back(db_, job);
        co_return false;
    }
    if (job.attempts >= most_attempts) {
        co_await give_up(job, fault);
        co_return true;
    }
    on_put_off(job, fault);
    co_await put_off(db_, job, fault);
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
