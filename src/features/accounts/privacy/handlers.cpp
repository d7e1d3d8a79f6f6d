#include <charconv>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/http/multipart.hpp"
#include "base/net/timer.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/handlers.hpp"
#include "features/accounts/privacy/account_data.hpp"
#include "features/accounts/privacy/archives.hpp"
#include "features/accounts/privacy/erasure.hpp"
#include "features/accounts/privacy/prepared.hpp"
#include "features/accounts/privacy/retention.hpp"
#include "services/audit/log.hpp"

namespace bb::accounts {
namespace {

/// The ZIP file of a request: the body, or the part "file" of a form.
Result<std::string_view> archive_in(const http::Request& request) {
    const auto type = request.header("content-type");
    if (type.starts_with("application/zip")) return std::string_view(request.body);
    if (!type.starts_with("multipart/form-data"))
        return Error(ErrorCode::wrong_type,
                     "Send the archive as application/zip, or as the field \"file\" of a form.");
    const auto parts = http::parse_multipart(type, request.body, 1);
    if (!parts) return parts.error();
    if (parts->empty() || parts->front().name != "file") return bad_field("#/file", "is required");
    return parts->front().content;
}

http::Response zip_response(http::FileBody archive) {
    http::Response response;
    response.header("Content-Type", "application/zip");
    response.header("Content-Disposition",
                    "attachment; filename=\"brainbytes-" + to_rfc3339(now()).substr(0, 10) + ".zip\"");
    response.header("Cache-Control", "no-store");
    response.file = std::move(archive);
    return response;
}

void write(JsonWriter& json, const Prepared& archive) {
    json.object()
        .field("state", archive.state)
        .field("askedAt", archive.asked_at)
        .field("readyAt", archive.ready_at)
        .field("until", archive.until)
        .field("bytes", archive.bytes)
        .end();
}

std::string months_json(personal::Months months) {
    JsonWriter json;
    json.object().field("chatsMonths", months.chats).field("materialsMonths", months.materials);
    return json.end().take();
}

http::Response months_response(const http::Request& request, personal::Months months) {
    return http::tagged(request, http::json_response(months_json(months)), retention_mark(months));
}

Result<std::optional<std::int64_t>> cursor_of(const http::PageQuery& page) {
    std::optional<std::int64_t> before;
    if (!page.after) return before;
    std::int64_t number = 0;
    const auto end = page.after->data() + page.after->size();
    const auto read = std::from_chars(page.after->data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || number < 1)
        return bad_field("?after", "is not a cursor of this list");
    before = number;
    return before;
}

}  // namespace

Answer export_data(http::Request& request, Services& services) {
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    auto& keeping = *services.keeping;
    auto open = [&keeping] {
        return personal::nameless_file(keeping.folder);
    };
    auto file = co_await keeping.pool.run(std::move(open));
    const auto made = co_await export_person(keeping, owner_of(request), *file, audit::origin_of(request));
    if (!made) co_return made.error();
    co_return zip_response(http::whole_file(std::move(file)));
}

Answer prepare_archive(http::Request& request, Services& services) {
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    const auto owner = owner_of(request);
    const auto archive = co_await ask_for_archive(*services.keeping, owner, audit::origin_of(request));
    net::spawn(co_await net::this_executor(), make_prepared(*services.keeping, owner, request.id),
               request.id);
    JsonWriter json;
    write(json, archive);
    co_return http::json_response(json.take(), 202);
}

Answer download_archive(http::Request& request, Services& services) {
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    auto archive = co_await open_prepared(*services.keeping, owner_of(request), request.id);
    if (!archive) co_return Error(ErrorCode::not_found, "No archive lies ready. Ask for one.");
    co_return zip_response(std::move(*archive));
}

Answer discard_archive(http::Request& request, Services& services) {
    co_await discard_prepared(*services.keeping, owner_of(request));
    co_return http::no_content();
}

Answer import_data(http::Request& request, Services& services) {
    const auto zip = archive_in(request);
    if (!zip) co_return zip.error();
    const auto tallies =
        co_await import_archive(*services.keeping, owner_of(request), *zip, audit::origin_of(request));
    if (!tallies) co_return tallies.error();
    JsonWriter json;
    json.object();
    for (const auto& [kind, tally] : *tallies)
        json.key(kind).object().field("made", tally.made).field("present", tally.present).end();
    co_return http::json_response(json.end().take());
}

Answer erase_me(http::Request& request, Services& services) {
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    const auto owner = owner_of(request);
    const auto at = co_await request_erasure(services.db, owner, audit::origin_of(request));
    if (!at) co_return at.error();
    forget_everywhere(services, owner);
    auto response = http::json_response(JsonWriter().object().field("eraseAt", *at).end().take());
    response.header("Set-Cookie", clear_cookie(uses_https(request, services)));
    co_return response;
}

Answer show_privacy(http::Request& request, Services& services) {
    const auto owner = owner_of(request);
    const auto proof = co_await check_proof(request, services);
    const auto kept = co_await kept_of(services.db, owner);
    const auto months = co_await read_retention(services.db);
    const auto archive = co_await prepared_of(services.db, owner);
    JsonWriter json;
    json.object()
        .field("proved", proof.has_value())
        .key("kept")
        .object()
        .field("sessions", kept.sessions)
        .field("materials", kept.materials)
        .field("files", kept.files)
        .field("fileBytes", kept.file_bytes)
        .field("chats", kept.chats)
        .field("messages", kept.messages)
        .end();
    json.key("retention").raw(months_json(months)).field("erasureDays", days_to_erasure);
    json.field("archiveBytes", static_cast<std::int64_t>(max_archive_bytes)).key("archive");
    if (archive)
        write(json, *archive);
    else
        json.null();
    co_return http::json_response(json.end().take());
}

Answer list_access(http::Request& request, Services& services) {
    const auto page = http::page_query(request);
    if (!page) co_return page.error();
    const auto before = cursor_of(*page);
    if (!before) co_return before.error();
    const auto looks =
        co_await audit::looks_at(services.db, owner_of(request).value, *before, page->limit + 1);
    const auto shown = std::min(looks.size(), static_cast<std::size_t>(page->limit));
    JsonWriter json;
    json.object().key("entries").array();
    for (std::size_t i = 0; i < shown; ++i)
        json.object()
            .field("at", looks[i].at)
            .field("action", looks[i].action)
            .key("by")
            .object()
            .field("kind", looks[i].actor_kind)
            .field("name", looks[i].actor_name)
            .end()
            .end();
    json.end().key("next");
    looks.size() > shown ? json.value(std::to_string(looks[shown - 1].seq)) : json.null();
    co_return http::json_response(json.end().take());
}

Answer show_retention(http::Request& request, Services& services) {
    const auto months = co_await read_retention(services.db);
    co_return months_response(request, months);
}

Answer set_retention(http::Request& request, Services& services) {
    const auto body = request.json();
    if (!body) co_return body.error();
    FieldReader in(*body);
    RetentionChange change;
    change.chats = in.optional_integer("chatsMonths", 0, 120);
    change.materials = in.optional_integer("materialsMonths", 0, 120);
    if (auto bad = in.error()) co_return std::move(*bad);
    if (const auto proof = co_await check_proof(request, services); !proof) co_return proof.error();
    const auto months =
        co_await change_retention(services.db, change, http::IfMatch::of(request), audit::origin_of(request));
    if (!months) co_return months.error();
    co_return months_response(request, *months);
}

}  // namespace bb::accounts
