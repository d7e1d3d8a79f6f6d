#include "features/accounts/github/departures.hpp"

#include "base/core/crypto.hpp"
#include "features/accounts/secrets.hpp"

namespace bb::accounts {
namespace {

constexpr std::string_view verifier_name = "github_sign_ins.verifier";
constexpr const char* begin_sql =
    "INSERT INTO github_sign_ins (id, state_hash, browser_hash, verifier, user_id, next, language, "
    "expires_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, now() + interval '10 minutes')";
constexpr const char* take_sql =
    "DELETE FROM github_sign_ins WHERE state_hash = $1 AND browser_hash = $2 "
    "RETURNING id, verifier, user_id, next, language, expires_at > now()";
constexpr const char* sweep_departures_sql = "DELETE FROM github_sign_ins WHERE expires_at < now()";
constexpr const char* sweep_claims_sql = "DELETE FROM identity_claims WHERE expires_at < now()";

}  // namespace

const secrets::SealedColumn verifier_column{
    verifier_name, "SELECT substring(verifier FROM 2 FOR 8), count(*) FROM github_sign_ins GROUP BY 1",
    "SELECT id, verifier FROM github_sign_ins WHERE substring(verifier FROM 2 FOR 8) <> $1 AND id > $2 "
    "ORDER BY id LIMIT $3 FOR UPDATE",
    "UPDATE github_sign_ins SET verifier = $2 WHERE id = $1"};

Task<Departure> Departures::begin(std::string browser, Errand errand) {
    const auto id = Uuid::make();
    Departure departure{crypto::random_token(), crypto::random_token()};
    const auto state = crypto::sha256(departure.state);
    const auto from = crypto::sha256(browser);
    const secrets::Place place{verifier_name, id};
    const auto sealed = co_await keys_.seal(place, departure.verifier);
    const db::Bytes verifier{sealed};
    co_await db_.query(begin_sql, id, state, from, verifier, errand.linking, errand.next, errand.language);
    co_return departure;
}

Task<std::optional<Return>> Departures::take(std::string browser, std::string state) {
    const auto from = token_hash(browser);
    const auto wanted = token_hash(state);
    if (!from || !wanted) co_return std::nullopt;
    const auto rows = co_await db_.query(take_sql, *wanted, *from);
    if (rows.empty() || !rows[0].get<bool>(5)) co_return std::nullopt;
    const auto row = rows[0];
    const secrets::Place place{verifier_name, row.get<Uuid>(0)};
    auto verifier = co_await keys_.open(place, row.get<std::string>(1));
    if (!verifier) co_return std::nullopt;
    Errand errand{row.get<std::optional<UserId>>(2), row.get<std::string>(3), row.get<std::string>(4)};
    co_return Return{std::move(errand), std::move(*verifier)};
}

Task<void> sweep_departures(db::Database& db) {
    co_await db.query(sweep_departures_sql);
    co_await db.query(sweep_claims_sql);
}

}  // namespace bb::accounts
