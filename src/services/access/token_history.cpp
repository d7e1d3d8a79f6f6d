#include "services/access/token_budget.hpp"

namespace bb::access {
namespace {

using std::chrono::days;

constexpr const char* school_sql =
    "SELECT ($1::date - n)::text, coalesce(sum(tokens), 0)::bigint FROM generate_series(0, $2::int - 1) n "
    "LEFT JOIN token_use ON day = $1::date - n GROUP BY n ORDER BY n DESC";
constexpr const char* people_sql =
    "SELECT owner_id, coalesce(sum(tokens) FILTER (WHERE day = $2::date), 0)::bigint, sum(tokens)::bigint "
    "FROM token_use WHERE owner_id = ANY($1::uuid[]) AND day > $2::date - 30 GROUP BY owner_id";
constexpr const char* sweep_sql = "DELETE FROM token_use WHERE day < (now() - interval '13 months')::date";

}  // namespace

Task<SchoolUse> TokenBudget::school_use(int count) {
    const auto today = std::chrono::floor<days>(clock_());
    const auto rows = co_await db_.query(school_sql, Time(today), count);
    SchoolUse use;
    for (const auto& row : rows) use.days.push_back({row.get<std::string>(0), row.get<std::int64_t>(1)});
    use.today = {use.days.back().tokens, quotas_.school, Time(today + days(1))};
    co_return use;
}

Task<std::unordered_map<Uuid, PersonTokens>> TokenBudget::use_of(std::vector<Uuid> people) {
    const auto today = std::chrono::floor<days>(clock_());
    const auto rows = co_await db_.query(people_sql, people, Time(today));
    std::unordered_map<Uuid, PersonTokens> use;
    for (const auto& row : rows) use[row.get<Uuid>(0)] = {row.get<std::int64_t>(1), row.get<std::int64_t>(2)};
    co_return use;
}

Task<void> sweep_token_use(db::Database& db) {
    co_await db.query(sweep_sql);
}

}  // namespace bb::access
