#include "features/materials/page/fetching.hpp"

#include <chrono>

#include "base/core/log.hpp"
#include "features/materials/extract/read.hpp"
#include "features/materials/files.hpp"
#include "features/materials/page/name.hpp"

namespace bb::materials {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* address_sql = "SELECT source_url FROM files WHERE owner_id = $1 AND id = $2";
constexpr const char* lock_fetched_sql = "SELECT name FROM files WHERE owner_id = $1 AND id = $2 FOR UPDATE";
constexpr const char* keep_page_sql =
    "UPDATE files SET name = $3, media_type = $4, bytes = $5, digest = $6, state = 'reading', fault = NULL, "
    "reason = NULL, fetched_at = now(), version = version + 1, updated_at = now() "
    "WHERE owner_id = $1 AND id = $2";
constexpr const char* keep_page_fault_sql =
    "UPDATE files SET state = 'failed', fault = $3, reason = $4, version = version + 1, updated_at = now() "
    "WHERE owner_id = $1 AND id = $2";

constexpr page::PageFault server_fault{
    "server", "The page could not be fetched, for a reason that lies with the server. Try again later."};

metrics::Counter fetch_outcome(metrics::Registry& metrics, const char* outcome) {
    return metrics.counter("brainbytes_pages_fetched_total", "Web pages fetched for people, by outcome",
                           {{"outcome", outcome}});
}

/// For the log: who asks for a page may have put a secret into its query.
std::string place_of(const std::string& url) {
    return url.substr(0, url.find('?'));
}

/// A page whose encoding only the site's answer tells gets to tell it itself, as in what a browser saves.
std::string self_contained(fetch::Page page, std::string_view ending) {
    if (page.charset.empty() || page.charset == "utf-8" || ending != "html") return std::move(page.body);
    return "<meta charset=\"" + page.charset + "\">\n" + page.body;
}

}  // namespace

/// A page that is in the file store.
struct Fetching::Arrived {
    std::string url;    // as it was asked for
    std::string title;  // empty: it has none
    std::string ending;
    std::int64_t bytes = 0;
    crypto::Digest digest{};
};

Fetching::Fetching(db::Database& db, blobs::FileStore& files, fetch::Fetcher& fetcher, std::int64_t storage,
                   metrics::Registry& metrics)
    : Runner(db, fetching_job),
      files_(files),
      fetcher_(fetcher),
      storage_(storage),
      done_(fetch_outcome(metrics, "fetched")),
      failed_(fetch_outcome(metrics, "failed")),
      put_off_(fetch_outcome(metrics, "put_off")),
      seconds_(metrics.histogram("brainbytes_page_fetching_seconds", "Time to fetch a web page",
                                 {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20})) {}

Task<void> Fetching::carry_out(const jobs::Job& job) {
    const auto rows = co_await db().query(address_sql, job.owner, job.subject);
    if (rows.empty() || rows[0].is_null(0)) {  // purged meanwhile
        auto drop = [&job](db::Transaction& tx) -> Task<void> {
            co_await jobs::finish(tx, job);
        };
        co_return co_await db().transaction(drop);
    }
    const auto url = rows[0].get<std::string>(0);
    const auto started = Clock::now();
    auto fetched = co_await fetcher_.fetch(url, stopping());
    if (!fetched && fetched.error().fault == fetch::Fault::aborted) throw jobs::Stopped("the server stops");
    const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
    seconds_.observe(seconds);
    log::info("page fetched", {{"file", job.subject.text()},
                               {"address", place_of(url)},
                               {"seconds", seconds},
                               {"bytes", fetched ? static_cast<std::int64_t>(fetched->body.size()) : 0},
                               {"reason", fetched ? std::string() : fetched.error().words}});
    if (!fetched) co_return co_await keep_fault(job, page::fault_of(fetched.error().fault));
    co_await keep(job, url, std::move(*fetched));
}

Task<void> Fetching::keep(const jobs::Job& job, const std::string& url, fetch::Page came) {
    Arrived arrived;
    arrived.url = url;
    const auto found_at = client::parse_web_address(came.url);
    arrived.ending = page::ending_of(came.type, found_at ? found_at->path : std::string());
    if (arrived.ending.empty()) co_return co_await keep_fault(job, page::unreadable_type);
    if (came.body.empty()) co_return co_await keep_fault(job, page::empty_page);
    if (arrived.ending == "html" || arrived.ending == "xhtml") arrived.title = page::title_of(came);
    const auto body = self_contained(std::move(came), arrived.ending);
    arrived.bytes = static_cast<std::int64_t>(body.size());
    // Looked at here too, so that what has no room is not even stored.
    const UserId owner{job.owner};
    const auto room = co_await check_room(db(), owner, arrived.bytes, storage_);
    if (!room) co_return co_await keep_fault(job, page::no_room);
    // The row that names it comes afterwards, so that no row ever names a missing file.
    arrived.digest = co_await files_.put(job.owner, body);
    const auto fault = co_await keep_row(job, arrived);
    if (fault) co_await keep_fault(job, *fault);
}

Task<std::optional<page::PageFault>> Fetching::keep_row(const jobs::Job& job, const Arrived& arrived) {
    const UserId owner{job.owner};
    auto work = [&](db::Transaction& tx) -> Task<std::optional<page::PageFault>> {
        co_await lock_storage(tx, owner);
        const auto rows = co_await tx.query(lock_fetched_sql, job.owner, job.subject);
        std::vector<Content> content(1, Content{arrived.digest, arrived.bytes});
        const auto room = co_await check_room(tx, owner, std::move(content), storage_);
        if (!room) co_return page::no_room;
        const bool still_ours = co_await jobs::finish(tx, job);
        if (rows.empty() || !still_ours) co_return std::nullopt;
        auto name = rows[0].get<std::string>(0);
        const auto address = client::parse_web_address(arrived.url);
        // What a person called it stays; its ending says what came.
        const bool unnamed = address && name == page::name_of_address(*address) && !arrived.title.empty();
        const auto better =
            page::safe_name(unnamed ? std::string_view(arrived.title) : page::stem_of(name), arrived.ending);
        if (!better.empty()) name = better;
        const std::string type(extract::media_type_of_name(name));
        co_await tx.query(keep_page_sql, job.owner, job.subject, name, type, arrived.bytes, arrived.digest);
        co_await jobs::add(tx, reading_job, job.owner, job.subject);
        co_return std::nullopt;
    };
    const auto fault = co_await db().transaction(work);
    if (!fault) done_.add();
    co_return fault;
}

Task<void> Fetching::keep_fault(const jobs::Job& job, page::PageFault fault) {
    auto work = [&](db::Transaction& tx) -> Task<void> {
        co_await tx.query(lock_fetched_sql, job.owner, job.subject);
        const bool still_ours = co_await jobs::finish(tx, job);
        if (still_ours)
            co_await tx.query(keep_page_fault_sql, job.owner, job.subject, fault.name, fault.words);
    };
    co_await db().transaction(work);
    failed_.add();
}

void Fetching::on_put_off(const jobs::Job& job, const std::string& reason) {
    log::warn("a page is fetched later", {{"file", job.subject.text()}, {"reason", reason}});
    put_off_.add();
}

Task<void> Fetching::give_up(const jobs::Job& job, std::string reason) {
    log::error("a file is given up", {{"file", job.subject.text()}, {"reason", reason}});
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        co_await tx.query(lock_fetched_sql, job.owner, job.subject);
        const bool parked = co_await jobs::park(tx, job, reason);
        if (parked)
            co_await tx.query(keep_page_fault_sql, job.owner, job.subject, server_fault.name,
                              server_fault.words);
        co_return parked;
    };
    const bool parked = co_await db().transaction(work);
    if (parked) failed_.add();
}

}  // namespace bb::materials
