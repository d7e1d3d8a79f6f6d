#include "features/materials/reading.hpp"

#include <chrono>

#include "base/core/log.hpp"
#include "base/core/utf8.hpp"
#include "base/net/timer.hpp"
#include "features/materials/extract/caged.hpp"
#include "features/materials/files.hpp"
#include "features/materials/index/indexer.hpp"
#include "features/materials/index/prepared.hpp"
#include "features/materials/upload.hpp"

namespace bb::materials {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds lease{60};
constexpr std::chrono::seconds renewal{15};
constexpr std::chrono::milliseconds reading_pause{700};
constexpr int most_attempts = 5;

constexpr const char* waiting_file_sql =
    "SELECT material_id, name, bytes, digest FROM files WHERE owner_id = $1 AND id = $2";
constexpr const char* lock_material_sql = "SELECT FROM materials WHERE owner_id = $1 AND id = $2 FOR UPDATE";
constexpr const char* lock_waiting_sql =
    "SELECT deleted_at IS NOT NULL FROM files "
    "WHERE owner_id = $1 AND id = $2 AND material_id = $3 AND name = $4 FOR UPDATE";
constexpr const char* keep_text_sql =
    "UPDATE files SET text = $3, characters = $4, state = 'ready', fault = NULL, reason = NULL, version = "
    "version + 1, "
    "updated_at = now() WHERE owner_id = $1 AND id = $2";
constexpr const char* keep_fault_sql =
    "UPDATE files SET state = 'failed', fault = $3, reason = $4, version = version + 1, updated_at = now() "
    "WHERE owner_id = $1 AND id = $2";

constexpr const char* fault_of_ours =
    "The file could not be read, for a reason that lies with the server. It is kept; try again later.";

metrics::Counter outcome(metrics::Registry& metrics, const char* outcome) {
    return metrics.counter("brainbytes_files_read_total", "Files read after their upload, by outcome",
                           {{"outcome", outcome}});
}

using Held = std::shared_ptr<bool>;

/// Keeps a job in hand for as long as `held` says so.
Task<void> keep_hold(db::Database& db, jobs::Job job, Held held) {
    for (;;) {
        co_await net::sleep_for(renewal);
        if (!*held) co_return;
        try {
            co_await jobs::renew(db, job, lease);
        } catch (const std::exception& failure) {
            log::warn("a job in hand was not renewed", {{"reason", failure.what()}});
        }
    }
}

}  // namespace

struct Reading::Waiting {
    UserId owner;
    FileId id;
    MaterialId material;
    std::string name;
    std::int64_t bytes = 0;
    crypto::Digest digest{};
};

Reading::Reading(db::Database& db, blobs::FileStore& files, net::BlockingPool& readers,
                 metrics::Registry& metrics)
    : db_(db),
      files_(files),
      readers_(readers),
      done_(outcome(metrics, "read")),
      failed_(outcome(metrics, "failed")),
      put_off_(outcome(metrics, "put_off")),
      seconds_(metrics.histogram("brainbytes_file_reading_seconds", "Time to read a file after its upload",
                                 {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120})) {}

Task<std::optional<Reading::Waiting>> Reading::file_of(const jobs::Job& job) {
    const auto rows = co_await db_.query(waiting_file_sql, job.owner, job.subject);
    if (rows.empty()) co_return std::nullopt;
    Waiting file;
    file.owner = UserId{job.owner};
    file.id = FileId{job.subject};
    file.material = rows[0].get<MaterialId>(0);
    file.name = rows[0].get<std::string>(1);
    file.bytes = rows[0].get<std::int64_t>(2);
    file.digest = rows[0].get<crypto::Digest>(3);
    co_return file;
}

Task<std::string> Reading::original(const Waiting& file) {
    auto body = co_await files_.open(file.owner.value, file.digest, file.id.text());
    if (!body) throw std::runtime_error("the original is missing in the file store, or was changed");
    auto read = [&body] {
        std::string bytes(body->size, '\0');
        bytes.resize(http::read_full(*body->source, bytes.data(), bytes.size()));
        return bytes;
    };
    co_return co_await files_.pool().run(std::move(read));
}

Task<extract::Read<std::string>> Reading::text_of(const Waiting& file) {
    const auto bytes = co_await original(file);
    auto read = [&, stop = stop_.get_token()] {
        return extract::read_caged(bytes, file.name, stop);
    };
    co_return co_await readers_.run(std::move(read));
}

Task<bool> Reading::keep_text(const jobs::Job& job, const Waiting& file, std::string text) {
    const auto document = co_await index::prepared(files_.pool(), file.name, text, format_of_name(file.name));
    const auto characters = static_cast<std::int32_t>(utf8::length(text));
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        co_await tx.query(lock_material_sql, file.owner, file.material);
        const auto rows = co_await tx.query(lock_waiting_sql, file.owner, file.id, file.material, file.name);
        if (rows.empty()) co_return false;  // moved or renamed meanwhile
        const bool still_ours = co_await jobs::finish(tx, job);
        if (!still_ours) co_return true;
        co_await tx.query(keep_text_sql, file.owner, file.id, text, characters);
        index::Source source;
        source.file = file.id;
        const bool deleted = rows[0].get<bool>(0);
        if (!deleted) co_await index::put(tx, file.owner, file.material, source, document);
        co_return true;
    };
    co_return co_await db_.transaction(work);
}

Task<bool> Reading::keep_fault(const jobs::Job& job, const Waiting& file, extract::Unread why) {
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        const bool still_ours = co_await jobs::finish(tx, job);
        if (still_ours)
            co_await tx.query(keep_fault_sql, file.owner, file.id, extract::name_of(why.fault), why.words);
        co_return true;
    };
    co_return co_await db_.transaction(work);
}

Task<void> Reading::carry_out(const jobs::Job& job) {
    const auto file = co_await file_of(job);
    if (!file) {  // purged meanwhile
        auto work = [&](db::Transaction& tx) -> Task<void> {
            co_await jobs::finish(tx, job);
        };
        co_await db_.transaction(work);
        co_return;
    }
    const auto started = Clock::now();
    auto text = co_await text_of(*file);
    const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
    seconds_.observe(seconds);
    const bool readable = text.has_value();
    const auto why = readable ? extract::Unread() : text.error();
    log::info("file read", {{"file", file->id.text()},
                            {"bytes", file->bytes},
                            {"seconds", seconds},
                            {"outcome", readable ? std::string_view("read") : extract::name_of(why.fault)},
                            {"reason", why.words}});
    bool kept = false;
    if (readable)
        kept = co_await keep_text(job, *file, std::move(*text));
    else
        kept = co_await keep_fault(job, *file, why);
    if (kept)
        (readable ? done_ : failed_).add();
    else
        co_await jobs::put_off(db_, job, "the file was moved or renamed meanwhile");
}

Task<void> Reading::give_up(const jobs::Job& job, std::string reason) {
    log::error("a file is given up", {{"file", job.subject.text()}, {"reason", reason}});
    auto work = [&](db::Transaction& tx) -> Task<void> {
        const bool parked = co_await jobs::park(tx, job, reason);
        if (parked) co_await tx.query(keep_fault_sql, job.owner, job.subject, "server", fault_of_ours);
    };
    co_await db_.transaction(work);
    failed_.add();
}

Task<bool> Reading::read_next() {
    const auto job = co_await jobs::claim(db_, reading_job, lease);
    if (!job) co_return false;
    struct Hold {
        Held held = std::make_shared<bool>(true);
        ~Hold() { *held = false; }
    } hold;
    const auto executor = co_await net::this_executor();
    net::spawn(executor, keep_hold(db_, *job, hold.held));
    co_return co_await settle(*job);
}

Task<bool> Reading::settle(const jobs::Job& job) {
    std::string fault;
    bool stopped = false;
    if (job.attempts > most_attempts) {
        fault = "servers died or failed while they read it";
    } else {
        try {
            co_await carry_out(job);
            co_return true;
        } catch (const db::Unavailable&) {
            throw;  // the lease runs out
        } catch (const extract::Stopped&) {
            stopped = true;
        } catch (const std::exception& failure) {
            fault = failure.what();
        }
    }
    if (stopped) {
        co_await jobs::give_back(db_, job);
        co_return false;
    }
    if (job.attempts >= most_attempts) {
        co_await give_up(job, fault);
        co_return true;
    }
    log::warn("a file is read later", {{"file", job.subject.text()}, {"reason", fault}});
    put_off_.add();
    co_await jobs::put_off(db_, job, fault);
    co_return true;
}

Task<void> Reading::keep_reading() {
    while (!stop_.stop_requested()) {
        bool more = false;
        ++in_hand_;
        try {
            more = co_await read_next();
        } catch (const std::exception& failure) {
            log::warn("files wait to be read", {{"reason", failure.what()}});
        }
        --in_hand_;
        if (!more && !stop_.stop_requested()) co_await sleep();
    }
}

Task<void> Reading::sleep() {
    net::Timer timer(co_await net::this_executor(), reading_pause);
    sleeping_.push_back(&timer);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable_t<Executor>()));
    std::erase(sleeping_, &timer);
}

void Reading::wake() {
    for (net::Timer* timer : sleeping_) timer->cancel();
}

Task<void> Reading::stop() {
    stop_.request_stop();
    wake();
    while (in_hand_ > 0) co_await net::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace bb::materials
