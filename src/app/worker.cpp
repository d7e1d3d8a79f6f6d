#include "app/worker.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "app/parts.hpp"
#include "app/readings.hpp"
#include "app/sealed_columns.hpp"
#include "app/vitals.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "base/net/tls.hpp"
#include "features/accounts/notices.hpp"
#include "features/accounts/privacy/prepared.hpp"
#include "features/accounts/privacy/retention.hpp"
#include "features/accounts/sessions.hpp"
#include "features/materials/housekeeping.hpp"
#include "features/materials/older_files.hpp"
#include "services/access/housekeeping.hpp"
#include "services/blobs/in_use.hpp"
#include "services/mail/queue.hpp"

namespace bb::app {

using std::chrono::milliseconds;

namespace {

constexpr int pages_at_once = 4;  // each may take the memory of the largest page

}  // namespace

Worker::Worker(Node& node, int number)
    : number_(number), parts_(std::make_unique<Parts>(node, loop_.get_executor())) {}

Worker::~Worker() {
    halt();
}

Executor Worker::executor() {
    return loop_.get_executor();
}

db::Database& Worker::database() {
    return parts_->db;
}

void Worker::start() {
    parts_->db.start();
    parts_->tutor.start();
    net::spawn(executor(), watch_vitals(parts_->node, parts_->db, number_));
    thread_ = std::thread([this]() {
        const auto stays = boost::asio::make_work_guard(loop_);
        loop_.run();
    });
}

void Worker::listen(int descriptor, bool plain) {
    boost::asio::post(executor(), [this, descriptor, plain]() { parts_->server.listen(descriptor, plain); });
}

void Worker::notified(std::string channel, std::string payload) {
    boost::asio::post(executor(), [this, channel = std::move(channel), payload = std::move(payload)]() {
        if (channel == "session_ended")
            parts_->sessions.forget(payload);
        else if (channel == jobs::waits_channel)
            for (jobs::Runner* runner : parts_->runners()) runner->wake(payload);
        else
            parts_->tutor.notified(channel, payload);
    });
}

void Worker::notifications_heard(bool heard) {
    boost::asio::post(executor(), [this, heard]() { parts_->sessions.set_trusted(heard); });
}

/// New files are taken up without a restart: certificates are renewed while nobody looks.
Task<void> Worker::watch_certificate() {
    for (;;) {
        co_await net::sleep_for(milliseconds(2'000));
        try {
            if (parts_->node.tls->refresh()) log::info("new TLS certificate taken up");
        } catch (const std::exception& fault) {
            log::error("TLS files not taken up", {{"reason", fault.what()}});
        }
    }
}

Task<void> Worker::keep_house() {
    try {
        co_await parts_->tutor.take_over();
    } catch (const db::Unavailable& away) {
        log::warn("replies of a predecessor wait for the database", {{"reason", away.what()}});
    }
    parts_->tutor.keep_house();
    net::spawn(executor(), accounts::sweep_hourly(parts_->db));
    net::spawn(executor(), accounts::keep_promises(parts_->keeping));
    net::spawn(executor(), accounts::keep_preparing(parts_->keeping));
    net::spawn(executor(), access::keep_tidy(parts_->db));
    net::spawn(executor(), secrets::keep_resealing(parts_->db, parts_->keys, sealed_columns()));
    auto& node = parts_->node;
    net::spawn(executor(), accounts::keep_summing_up(parts_->db));
    net::spawn(executor(), mail::keep_delivering(parts_->db, *parts_->mail,
                                                 accounts::notice_writer(node.url, node.secret)));
    if (node.spans) net::spawn(executor(), node.spans->keep_sending(parts_->http_client));
    if (node.tls) net::spawn(executor(), watch_certificate());
    for (int i = 0; i < std::min(node.threads, 2); ++i)
        net::spawn(executor(), parts_->reading.keep_working());
    net::spawn(executor(), parts_->reading_again.keep_working());
    net::spawn(executor(), materials::keep_queuing_older(parts_->db));
    for (int i = 0; i < pages_at_once; ++i) net::spawn(executor(), parts_->fetching.keep_working());
    if (parts_->embedding) net::spawn(executor(), parts_->embedding->keep_embedding());
    net::spawn(executor(), materials::keep_tidy(parts_->db, parts_->files));
    net::spawn(executor(), materials::keep_sweeping(parts_->uploads));
    net::spawn(executor(), blobs::keep_noting_place(parts_->db, node.files->current().place()));
    net::spawn(executor(), parts_->watching.run());
    for (const auto& channel : watch::channel_names())
        net::spawn(executor(), parts_->watching.carry_messages(channel));
    net::spawn(executor(), parts_->watching.tell_outside());
    net::spawn(executor(), keep_reading(node, parts_->db));
}

void Worker::run(std::function<Task<void>(Worker&)> task) {
    std::promise<void> done;
    boost::asio::co_spawn(executor(), task(*this), [&done](std::exception_ptr failed) {
        if (failed)
            done.set_exception(failed);
        else
            done.set_value();
    });
    done.get_future().get();
}

void Worker::drain(milliseconds limit, milliseconds idle) {
    net::spawn(executor(), finish(limit, idle));
}

Task<void> Worker::finish(milliseconds limit, milliseconds idle) {
    const auto started = std::chrono::steady_clock::now();
    const auto deadline = started + limit;
    parts_->node.mailer.hurry();
    parts_->server.begin_drain(idle.count() > 0 ? http::Server::Idle::keep : http::Server::Idle::close);
    for (jobs::Runner* runner : parts_->runners()) runner->stop();
    const auto open = [&]() {
        const bool may_idle = std::chrono::steady_clock::now() - started < idle;
        return may_idle ? parts_->server.connections() : parts_->server.busy();
    };
    // Whoever asks on a connection from before is answered, while there is time to finish the answer.
    while (open() > 0 && std::chrono::steady_clock::now() < started + idle / 2)
        co_await net::sleep_for(milliseconds(10));
    if (--parts_->node.taking_questions == 0) parts_->node.replies.close();
    co_await parts_->tutor.drain(
        std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now()));
    while (open() > 0 && std::chrono::steady_clock::now() < deadline)
        co_await net::sleep_for(milliseconds(10));
    for (const jobs::Runner* runner : parts_->runners())
        while (!runner->has_stopped() && std::chrono::steady_clock::now() < deadline)
            co_await net::sleep_for(milliseconds(10));
    // The people who were told to look into their mail do get it.
    while (parts_->node.mailer.under_way() > 0 && std::chrono::steady_clock::now() < deadline)
        co_await net::sleep_for(milliseconds(10));
    if (number_ == 0) co_await parts_->watching.say_goodbye();
    parts_->server.close_all();
    // What was just closed gets its turn to notice before the loop ends.
    co_await net::sleep_for(milliseconds(5));
    loop_.stop();
}

void Worker::join() {
    if (thread_.joinable()) thread_.join();
}

void Worker::halt() {
    loop_.stop();
    join();
}

void Worker::let_go() {
    loop_.discard();
}

void Worker::take_apart() {
    parts_.reset();
}

}  // namespace bb::app
