#include "features/materials/reading.hpp"

#include <chrono>

#include "base/core/log.hpp"
#include "base/core/utf8.hpp"
#include "features/materials/extract/caged.hpp"
#include "features/materials/extract/read.hpp"
#include "features/materials/files.hpp"
#include "features/materials/index/indexer.hpp"
#include "features/materials/index/prepared.hpp"
#include "features/materials/upload.hpp"
#include "services/blobs/objects.hpp"

namespace bb::materials {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes between_warnings{1};  // that originals cannot be had
constexpr int most_rounds = 5;  // of keeping a text whose file is moved or renamed meanwhile

constexpr const char* waiting_file_sql =
    "SELECT material_id, name, bytes, digest, state, reader, deleted_at IS NOT NULL FROM files "
    "WHERE owner_id = $1 AND id = $2";
constexpr const char* lock_material_sql = "SELECT FROM materials WHERE owner_id = $1 AND id = $2 FOR UPDATE";
constexpr const char* lock_file_sql = "SELECT FROM files WHERE owner_id = $1 AND id = $2 FOR UPDATE";
constexpr const char* lock_waiting_sql =
    "SELECT state, reader, deleted_at IS NOT NULL FROM files "
    "WHERE owner_id = $1 AND id = $2 AND material_id = $3 AND name = $4 FOR UPDATE";
// Where the same text comes out again, nobody sees that the file was read again.
constexpr const char* keep_text_sql =
    "UPDATE files SET text = $3, characters = $4, state = 'ready', fault = NULL, reason = NULL, reader = $5, "
    "version = version + (state <> 'ready' OR text <> $3)::int, "
    "updated_at = CASE WHEN state <> 'ready' OR text <> $3 THEN now() ELSE updated_at END "
    "WHERE owner_id = $1 AND id = $2";
constexpr const char* keep_fault_sql =
    "UPDATE files SET state = 'failed', fault = $3, reason = $4, version = version + 1, updated_at = now() "
    "WHERE owner_id = $1 AND id = $2";
constexpr const char* leave_text_sql =
    "UPDATE files SET reader = $3 WHERE owner_id = $1 AND id = $2 AND state = 'ready' AND reader < $3";

constexpr const char* fault_of_ours =
    "The file could not be read, for a reason that lies with the server. It is kept; try again later.";

metrics::Counter reading_outcome(metrics::Registry& metrics, Reading::Of of, const char* outcome) {
    if (of == Reading::Of::read_files)
        return metrics.counter("brainbytes_files_read_again_total",
                               "Files of an older reader that were read again, by outcome",
                               {{"outcome", outcome}});
    return metrics.counter("brainbytes_files_read_total", "Files read after their upload, by outcome",
                           {{"outcome", outcome}});
}

}  // namespace

struct Reading::Waiting {
    UserId owner;
    FileId id;
    MaterialId material;
    std::string name;
    std::int64_t bytes = 0;
    crypto::Digest digest{};
    std::string state;
    int reader = 0;
    bool deleted = false;
};

Reading::Reading(db::Database& db, blobs::FileStore& files, net::BlockingPool& readers,
                 metrics::Registry& metrics, Of of)
    : Runner(db, of == Of::new_files ? reading_job : reading_again_job),
      of_(of),
      files_(files),
      readers_(readers),
      done_(reading_outcome(metrics, of, "read")),
      failed_(reading_outcome(metrics, of, "failed")),
      put_off_(reading_outcome(metrics, of, "put_off")),
      seconds_(metrics.histogram("brainbytes_file_reading_seconds", "Time to read a file after its upload",
                                 {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 180, 300})) {}

Task<std::optional<Reading::Waiting>> Reading::file_of(const jobs::Job& job) {
    const auto rows = co_await db().query(waiting_file_sql, job.owner, job.subject);
    if (rows.empty()) co_return std::nullopt;
    Waiting file;
    file.owner = UserId{job.owner};
    file.id = FileId{job.subject};
    file.material = rows[0].get<MaterialId>(0);
    file.name = rows[0].get<std::string>(1);
    file.bytes = rows[0].get<std::int64_t>(2);
    file.digest = rows[0].get<crypto::Digest>(3);
    file.state = rows[0].get<std::string>(4);
    file.reader = rows[0].get<std::int32_t>(5);
    file.deleted = rows[0].get<bool>(6);
    co_return file;
}

/// What is deleted is read again when it has been restored.
bool Reading::wants(const Waiting& file) const {
    if (of_ == Of::new_files) return true;
    return file.state == "ready" && file.reader < extract::reader_version && !file.deleted;
}

Task<Reading::Original> Reading::original(const Waiting& file) {
    auto body = co_await files_.open(file.owner.value, file.digest, file.id.text());
    if (!body) throw std::runtime_error("the original is missing in the file store, or was changed");
    auto fill = [&body](const extract::CagedFile::Write& write) {
        blobs::copy_all(*body->source, write);
    };
    auto read = [&fill] {
        return std::make_shared<const extract::CagedFile>(fill);
    };
    co_return co_await files_.pool().run(std::move(read));
}

/// Where originals cannot be had for now, no attempt counts: it says nothing about the file. The runner makes
/// its usual pause before it takes the next.
Task<Reading::Original> Reading::original_or_later(const Waiting& file) {
    std::string away;
    try {
        co_return co_await original(file);
    } catch (const blobs::Away& fault) {
        away = fault.what();
    } catch (const net::Busy& fault) {
        away = fault.what();
    }
    const auto at = Clock::now();
    if (!told_away_ || at - *told_away_ >= between_warnings) {
        log::warn("files are read later: originals cannot be had for now", {{"reason", away}});
        told_away_ = at;
    }
    throw jobs::Stopped(away);
}

Task<extract::Read<std::string>> Reading::text_of(const Waiting& file) {
    const auto content = co_await original_or_later(file);
    auto read = [&, stop = stopping()] {
        return extract::read_caged(*content, file.name, stop);
    };
    try {
        co_return co_await readers_.run(std::move(read));
    } catch (const extract::Stopped& stopped) {
        throw jobs::Stopped(stopped.what());
    }
}

Task<Reading::Kept> Reading::keep_text(const jobs::Job& job, const Waiting& file, const std::string& text) {
    const auto document = co_await index::prepared(files_.pool(), file.name, text, format_of_name(file.name));
    const auto characters = static_cast<std::int32_t>(utf8::length(text));
    auto work = [&](db::Transaction& tx) -> Task<Kept> {
        co_await tx.query(lock_material_sql, file.owner, file.material);
        const auto rows = co_await tx.query(lock_waiting_sql, file.owner, file.id, file.material, file.name);
        if (rows.empty()) co_return Kept::moved;
        const bool still_ours = co_await jobs::finish(tx, job);
        auto locked = file;
        locked.state = rows[0].get<std::string>(0);
        locked.reader = rows[0].get<std::int32_t>(1);
        locked.deleted = rows[0].get<bool>(2);
        if (!still_ours || !wants(locked)) co_return Kept::not_ours;
        co_await tx.query(keep_text_sql, file.owner, file.id, text, characters, extract::reader_version);
        index::Source source;
        source.file = file.id;
        if (!locked.deleted) co_await index::put(tx, file.owner, file.material, source, document);
        co_return Kept::kept;
    };
    co_return co_await db().transaction(work);
}

Task<Reading::Kept> Reading::keep_fault(const jobs::Job& job, const Waiting& file, extract::Unread why) {
    auto work = [&](db::Transaction& tx) -> Task<Kept> {
        co_await tx.query(lock_file_sql, file.owner, file.id);
        const bool still_ours = co_await jobs::finish(tx, job);
        if (!still_ours) co_return Kept::not_ours;
        if (of_ == Of::read_files)
            co_await tx.query(leave_text_sql, file.owner, file.id, extract::reader_version);
        else
            co_await tx.query(keep_fault_sql, file.owner, file.id, extract::name_of(why.fault), why.words);
        co_return Kept::kept;
    };
    co_return co_await db().transaction(work);
}

Task<void> Reading::drop(const jobs::Job& job) {
    auto work = [&](db::Transaction& tx) -> Task<void> {
        co_await jobs::finish(tx, job);
    };
    co_await db().transaction(work);
}

Task<extract::Read<std::string>> Reading::read(const Waiting& file) {
    const auto started = Clock::now();
    auto text = co_await text_of(file);
    const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
    seconds_.observe(seconds);
    const auto why = text ? extract::Unread() : text.error();
    log::info("file read", {{"file", file.id.text()},
                            {"bytes", file.bytes},
                            {"seconds", seconds},
                            {"outcome", text ? std::string_view("read") : extract::name_of(why.fault)},
                            {"reason", why.words}});
    co_return text;
}

Task<void> Reading::carry_out(const jobs::Job& job) {
    auto file = co_await file_of(job);
    if (!file || !wants(*file)) co_return co_await drop(job);  // purged meanwhile, or read by another server
    const auto text = co_await read(*file);
    Kept outcome = Kept::moved;
    for (int round = 0; round < most_rounds && outcome == Kept::moved; ++round) {
        if (round > 0) file = co_await file_of(job);
        if (!file) co_return co_await drop(job);
        outcome =
            text ? co_await keep_text(job, *file, *text) : co_await keep_fault(job, *file, text.error());
    }
    if (outcome == Kept::moved) throw std::runtime_error("it is moved and renamed all the time");
    if (outcome == Kept::kept) (text ? done_ : failed_).add();
}

Task<void> Reading::give_up(const jobs::Job& job, std::string reason) {
    if (of_ == Of::read_files) {
        log::warn("a file stays as it was read", {{"file", job.subject.text()}, {"reason", reason}});
        Waiting file;
        file.owner = UserId{job.owner};
        file.id = FileId{job.subject};
        const auto left = co_await keep_fault(job, file, extract::Unread());
        if (left == Kept::kept) failed_.add();
        co_return;
    }
    log::error("a file is given up", {{"file", job.subject.text()}, {"reason", reason}});
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        co_await tx.query(lock_file_sql, job.owner, job.subject);
        const bool parked = co_await jobs::park(tx, job, reason);
        if (parked) co_await tx.query(keep_fault_sql, job.owner, job.subject, "server", fault_of_ours);
        co_return parked;
    };
    const bool parked = co_await db().transaction(work);
    if (parked) failed_.add();
}

void Reading::on_put_off(const jobs::Job& job, const std::string& reason) {
    log::warn("a file is read later", {{"file", job.subject.text()}, {"reason", reason}});
    put_off_.add();
}

}  // namespace bb::materials
