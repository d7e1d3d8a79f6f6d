#include "services/access/token_budget.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "base/core/log.hpp"
#include "base/core/number.hpp"
#include "base/net/timer.hpp"

namespace bb::access {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr std::size_t people_remembered = 4096;
constexpr seconds believed{30};  // other nodes count too
constexpr int margin = 16;       // calls like this one that must still fit for the count to be believed

// Two counts that go in at once cannot both pass the person's limit: the second sees the first's row.
constexpr const char* reserve_sql =
    "WITH standing AS (SELECT coalesce((SELECT tokens FROM token_use WHERE owner_id = $1 AND day = "
    "$2::date), 0) "
    "AS person, CASE WHEN $5::bigint = 0 THEN 0 ELSE coalesce((SELECT sum(tokens) FROM token_use "
    "WHERE day = $2::date), 0)::bigint END AS school), "
    "taken AS (INSERT INTO token_use AS t (owner_id, day, tokens) SELECT $1, $2::date, $3::bigint FROM "
    "standing "
    "WHERE ($4::bigint = 0 OR person + $3 <= $4) AND ($5 = 0 OR school + $3 <= $5) "
    "ON CONFLICT (owner_id, day) DO UPDATE SET tokens = t.tokens + $3 WHERE $4 = 0 OR t.tokens + $3 <= $4 "
    "RETURNING tokens) "
    "SELECT person, school, EXISTS (SELECT FROM taken) FROM standing";

// Nobody waits for the disk here: a server that dies takes counts of its last moments with it, and no more.
constexpr const char* count_sql =
    "INSERT INTO token_use AS t (owner_id, day, tokens) SELECT id, $2::date, greatest($3::bigint, 0) FROM "
    "users WHERE id = $1 AND set_config('synchronous_commit', 'off', true) = 'off' "
    "ON CONFLICT (owner_id, day) DO UPDATE SET tokens = greatest(t.tokens + $3, 0)";

constexpr const char* standing_sql =
    "SELECT coalesce((SELECT tokens FROM token_use WHERE owner_id = $1 AND day = $2::date), 0)";

std::optional<std::int64_t> amount(std::string_view text) {
    const auto number = parse_number(text);
    if (!number || *number < 0 || *number > 1'000'000'000'000) return std::nullopt;
    return number;
}

sys_days day_of(Time time) {
    return std::chrono::floor<days>(time);
}

std::string words_of(std::int64_t number) {
    std::string text = std::to_string(number);
    for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

}  // namespace

std::optional<TokenQuotas> parse_quotas(std::string_view text) {
    TokenQuotas quotas;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        const auto part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const auto number = amount(part.substr(equals + 1));
        const auto name = part.substr(0, equals);
        if (!number || (name != "person-tokens" && name != "school-tokens")) return std::nullopt;
        (name == "person-tokens" ? quotas.person : quotas.school) = *number;
    }
    return quotas;
}

TokenBudget::Reservation::Reservation(Reservation&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      owner_(other.owner_),
      day_(other.day_),
      tokens_(other.tokens_),
      request_(std::move(other.request_)) {}

TokenBudget::Reservation& TokenBudget::Reservation::operator=(Reservation&& other) noexcept {
    if (this == &other) return *this;
    settle(0);
    budget_ = std::exchange(other.budget_, nullptr);
    owner_ = other.owner_;
    day_ = other.day_;
    tokens_ = other.tokens_;
    request_ = std::move(other.request_);
    return *this;
}

TokenBudget::Reservation::~Reservation() {
    settle(0);
}

void TokenBudget::Reservation::settle(std::int64_t used) {
    if (!budget_) return;
    auto& budget = *std::exchange(budget_, nullptr);
    if (used != tokens_) net::spawn(budget.executor_, budget.count(owner_, day_, used - tokens_, request_));
}

Task<Result<TokenBudget::Reservation>> TokenBudget::reserve(Uuid owner, std::int64_t tokens,
                                                            std::string request) {
    const auto today = day_of(clock_());
    if (far_from_limits(owner, today, tokens)) {
        add(owner, tokens, request);
        co_return Reservation(*this, owner, today, tokens, std::move(request));
    }
    const auto rows =
        co_await db_.query(reserve_sql, owner, Time(today), tokens, quotas_.person, quotas_.school);
    Known known{today, rows[0].get<std::int64_t>(0), rows[0].get<std::int64_t>(1), clock_()};
    if (!rows[0].get<bool>(2)) co_return refusal(known, tokens);
    known.person += tokens;
    known.school += tokens;
    remember(owner, known);
    co_return Reservation(*this, owner, today, tokens, std::move(request));
}

void TokenBudget::add(Uuid owner, std::int64_t tokens, std::string request) {
    // Later than what the caller sends to the database next, which somebody waits for.
    if (tokens > 0)
        boost::asio::post(executor_,
                          [this, owner, today = day_of(clock_()), tokens, request = std::move(request)]() {
                              net::spawn(executor_, count(owner, today, tokens, request));
                          });
}

Task<TokenStanding> TokenBudget::standing(Uuid owner) {
    const auto today = day_of(clock_());
    const auto rows = co_await db_.query(standing_sql, owner, Time(today));
    co_return TokenStanding{rows[0].get<std::int64_t>(0), quotas_.person, Time(today + days(1))};
}

Task<void> TokenBudget::count(Uuid owner, sys_days day, std::int64_t tokens, std::string request) {
    if (const auto found = known_.find(owner); found != known_.end() && found->second.day == day) {
        found->second.person += tokens;
        found->second.school += tokens;
    }
    try {
        co_await db_.query(count_sql, owner, Time(day), tokens);
    } catch (const std::exception& fault) {
        log::warn("tokens not counted", {{"request", request}, {"tokens", tokens}, {"reason", fault.what()}});
    }
}

bool TokenBudget::far_from_limits(Uuid owner, sys_days today, std::int64_t tokens) {
    if (quotas_.person == 0 && quotas_.school == 0) return true;
    const auto found = known_.find(owner);
    if (found == known_.end()) return false;
    const Known& known = found->second;
    if (known.day != today || clock_() - known.seen > believed) return false;
    const auto fits = [&](std::int64_t used, std::int64_t limit) {
        return limit == 0 || used + margin * tokens <= limit;
    };
    return fits(known.person, quotas_.person) && fits(known.school, quotas_.school);
}

void TokenBudget::remember(Uuid owner, Known known) {
    if (known_.size() >= people_remembered && !known_.contains(owner)) known_.clear();
    known_[owner] = known;
}

Error TokenBudget::refusal(const Known& known, std::int64_t tokens) const {
    const bool person = quotas_.person != 0 && known.person + tokens > quotas_.person;
    const auto limit = person ? quotas_.person : quotas_.school;
    const auto left = std::max<std::int64_t>(0, limit - (person ? known.person : known.school));
    const auto wait = std::chrono::ceil<seconds>(Time(known.day + days(1)) - clock_()).count();
    Error error(
        ErrorCode::rate_limited,
        fmt::format("{} {} tokens of the language model for today. {} are left, which is too few for an "
                    "answer; it goes on at 00:00 UTC, in {} h {} min.",
                    person ? "You have used your" : "Your school has used its", words_of(limit),
                    words_of(left), wait / 3600, wait % 3600 / 60),
        {}, static_cast<int>(wait));
    error.policy = person ? "person-tokens" : "school-tokens";
    return error;
}

}  // namespace bb::access
