#include "services/access/shared_limits.hpp"

#include <algorithm>

#include "base/core/crypto.hpp"
#include "services/access/network.hpp"

namespace bb::access {
namespace {

// $2: seconds that one token takes to come back; $3: those of the whole bucket. A refusal leaves the row
// alone. One that another transaction changed meanwhile is not seen by the outer SELECT: then a second is the
// guess.
constexpr const char* take_sql =
    "WITH taken AS (INSERT INTO rate_limits AS r (key, full_at) "
    "VALUES ($1, clock_timestamp() + make_interval(secs => $2)) ON CONFLICT (key) DO UPDATE "
    "SET full_at = greatest(r.full_at, clock_timestamp()) + make_interval(secs => $2) "
    "WHERE r.full_at + make_interval(secs => $2) <= clock_timestamp() + make_interval(secs => $3) "
    "RETURNING key) "
    "SELECT CASE WHEN EXISTS (SELECT FROM taken) THEN 0 ELSE greatest(1, coalesce("
    "(SELECT ceil(extract(epoch FROM full_at - clock_timestamp()) + $2 - $3) FROM rate_limits WHERE key = "
    "$1), "
    "1))::int END";
constexpr const char* forgive_sql = "DELETE FROM rate_limits WHERE key IN ($1, $2)";
constexpr const char* sweep_limits_sql = "DELETE FROM rate_limits WHERE full_at < now()";

crypto::Digest key_of(std::string_view limit, std::string_view key) {
    return crypto::sha256(std::string(limit) + '\n' + std::string(key));
}

std::string bytes_of(const std::array<std::uint8_t, 16>& network) {
    return {network.begin(), network.end()};
}

}  // namespace

Task<int> SharedLimits::take(std::string limit, std::string key) {
    const config::Rate rate = rates_.at(limit);
    const auto rows =
        co_await db_.query(take_sql, key_of(limit, key), 1 / rate.per_second, rate.burst / rate.per_second);
    co_return rows[0].get<std::int32_t>(0);
}

Task<std::optional<http::Response>> SharedLimits::refuse(const http::Request& request, std::string what,
                                                         std::string address) {
    std::string limit = what + "-network";
    int wait = co_await take(limit, bytes_of(network_of(request.peer)));
    if (wait == 0 && !address.empty()) {
        limit = what + "-address";
        wait = co_await take(limit, address);
    }
    if (wait == 0) co_return std::nullopt;
    refusals(metrics_, limit).add();
    co_return http::quota_exceeded(limit, wait, "Too many attempts to sign in. Wait and try again.",
                                   request.id);
}

Task<void> SharedLimits::forgive(std::string address) {
    co_await db_.query(forgive_sql, key_of("mail-address", address), key_of("try-address", address));
}

Task<void> sweep_limits(db::Database& db) {
    co_await db.query(sweep_limits_sql);
}

}  // namespace bb::access
