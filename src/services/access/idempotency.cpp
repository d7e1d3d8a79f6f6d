#include "services/access/idempotency.hpp"

#include <exception>
#include <stdexcept>

#include "base/core/log.hpp"

namespace bb::access {
namespace {

constexpr std::size_t longest_body = 16 * 1024;  // the same in migration 0004

// The row of a send that takes longer than a minute, or whose node was killed, can be claimed. `made_id`
// stays.
constexpr const char* claim_sql =
    "INSERT INTO idempotency_keys AS k (owner_id, route, key, fingerprint, claim, made_id) "
    "VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (owner_id, route, key) DO UPDATE "
    "SET claim = excluded.claim, claimed_at = now() "
    "WHERE k.status IS NULL AND k.fingerprint = excluded.fingerprint "
    "AND k.claimed_at < now() - interval '1 minute' RETURNING made_id";
constexpr const char* find_sql =
    "SELECT fingerprint, made_id, status, headers, body FROM idempotency_keys "
    "WHERE owner_id = $1 AND route = $2 AND key = $3";
constexpr const char* keep_sql =
    "UPDATE idempotency_keys SET status = $5, headers = $6, body = $7 "
    "WHERE owner_id = $1 AND route = $2 AND key = $3 AND claim = $4";
constexpr const char* give_up_sql =
    "UPDATE idempotency_keys SET claimed_at = '-infinity' "
    "WHERE owner_id = $1 AND route = $2 AND key = $3 AND claim = $4";
constexpr const char* sweep_sql = "DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day'";

Error still_running() {
    return {
        ErrorCode::conflict, "A request with this Idempotency-Key is being carried out. Ask again.", {}, 2};
}

Error other_request() {
    return {ErrorCode::invalid_input,
            "This Idempotency-Key came with another request before. Use a new one."};
}

/// Outcomes that may be another when the same is asked again are not kept. A long body is read again, where
/// it can be.
bool is_final(const http::Response& response) {
    return response.status < 500 && response.status != 429 && response.status != 403 &&
           (response.status == 201 || response.body.size() <= longest_body);
}

http::Response replayed(const db::Row& row) {
    http::Response response;
    response.status = row.get<std::int32_t>(2);
    const auto fields = row.get<std::vector<std::string>>(3);
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) response.header(fields[i], fields[i + 1]);
    response.body = row.get<std::string>(4);
    return response;
}

}  // namespace

Task<Result<http::Response>> Idempotency::carry_out(http::Request& request, const http::Route& route) {
    auto key = idempotency_key(request);
    if (!key) co_return key.error();
    const Entry entry{request.user(),  std::string(name_of(route.method)) + ' ' + route.pattern,
                      std::move(*key), fingerprint_of(request),
                      Uuid::make(),    request.id};
    const auto claimed =
        co_await db_.query(claim_sql, entry.owner, entry.route, entry.key, entry.fingerprint, entry.claim);
    if (claimed.empty()) co_return co_await answer_again(request, entry);
    request.chosen_id = claimed[0].get<Uuid>(0);

    std::optional<http::Response> response;
    std::exception_ptr failed;
    try {
        response = co_await make(request, route, *request.chosen_id != entry.claim);
    } catch (...) {
        failed = std::current_exception();
    }
    co_await keep(entry, response && is_final(*response) ? &*response : nullptr);
    if (failed) std::rethrow_exception(failed);
    if (!response) co_return still_running();
    co_return std::move(*response);
}

Task<Result<http::Response>> Idempotency::answer_again(const http::Request& request, const Entry& entry) {
    const auto rows = co_await db_.query(find_sql, entry.owner, entry.route, entry.key);
    if (rows.empty()) co_return still_running();  // forgotten just now
    const auto row = rows[0];
    if (row.get<std::string_view>(0) != entry.fingerprint) co_return other_request();
    if (row.is_null(2)) co_return still_running();
    if (!row.is_null(4)) co_return replayed(row);
    auto made = co_await show_made(request, row.get<Uuid>(1));
    if (!made) co_return Error(ErrorCode::not_found, "What this request made is not there any more.");
    co_return std::move(*made);
}

/// Nullopt: another is just making it, or it was made and is gone.
Task<std::optional<http::Response>> Idempotency::make(http::Request& request, const http::Route& route,
                                                      bool claimed_from_another) {
    if (claimed_from_another)
        if (auto made = co_await show_made(request, *request.chosen_id)) co_return made;
    try {
        auto result = co_await route.handler(request);
        co_return result ? std::move(*result) : http::problem(result.error(), request.id);
    } catch (const db::UniqueViolation&) {
        if (!claimed_from_another) throw;
    }
    co_return co_await show_made(request, *request.chosen_id);  // the other one was quicker
}

/// What GET says of it, as the answer of the create; nullopt when it is not there.
Task<std::optional<http::Response>> Idempotency::show_made(const http::Request& request, Uuid made) {
    http::Request get;
    get.method = http::Method::get;
    get.path = request.path + '/' + made.text();
    get.target = get.path;
    get.peer = request.peer;
    get.id = request.id;
    get.trace = request.trace;
    get.principal = request.principal;
    const auto match = router_.match(get);
    if (match.route == nullptr) throw std::logic_error("a repeatable route has no GET of what it makes");
    auto found = co_await match.route->handler(get);
    if (!found && found.error().code == ErrorCode::not_found) co_return std::nullopt;
    if (!found) co_return http::problem(found.error(), request.id);
    found->status = 201;
    found->header("Location", get.path);
    co_return std::move(*found);
}

/// Stores a final response, or (null) lets the next send claim the key at once. The request itself is carried
/// out by now: a database that is away makes its repetition wait, and no more.
Task<void> Idempotency::keep(const Entry& entry, const http::Response* response) {
    try {
        if (response == nullptr) {
            co_await db_.query(give_up_sql, entry.owner, entry.route, entry.key, entry.claim);
            co_return;
        }
        std::vector<std::string> fields;
        for (const auto& [name, value] : response->headers) {
            fields.push_back(name);
            fields.push_back(value);
        }
        std::optional<db::Bytes> body;
        if (response->body.size() <= longest_body) body = db::Bytes{response->body};
        co_await db_.query(keep_sql, entry.owner, entry.route, entry.key, entry.claim, response->status,
                           fields, body);
    } catch (const std::exception& failure) {
        log::warn("the outcome of a repeatable request is not stored",
                  {{"request", entry.request}, {"reason", failure.what()}});
    }
}

Task<void> sweep_idempotency_keys(db::Database& db) {
    co_await db.query(sweep_sql);
}

}  // namespace bb::access
