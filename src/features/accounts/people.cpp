#include "features/accounts/people.hpp"

#include "base/core/json_writer.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {
namespace {

constexpr const char* find_person_sql = "SELECT " BB_USER_COLUMNS " FROM users WHERE id = $1";
constexpr const char* lock_person_sql =
    "SELECT " BB_USER_COLUMNS " FROM users WHERE id = $1 FOR NO KEY UPDATE";
constexpr const char* find_by_email_sql = "SELECT " BB_USER_COLUMNS " FROM users WHERE email = $1";
constexpr const char* list_people_sql = "SELECT " BB_USER_COLUMNS " FROM users ORDER BY created_at, id";
constexpr const char* create_sql =
    "INSERT INTO users (id, email, name, role, language) VALUES ($1, $2, $3, $4, $5) "
    "RETURNING " BB_USER_COLUMNS;
constexpr const char* change_profile_sql =
    "UPDATE users SET name = coalesce($2, name), language = coalesce($3, language), "
    "theme = coalesce($4, theme), updated_at = now(), version = version + 1 WHERE id = $1 "
    "RETURNING " BB_USER_COLUMNS;
constexpr const char* lacks_administrator_sql =
    "SELECT NOT EXISTS (SELECT FROM users WHERE role = 'administrator')";

std::optional<User> first_user(const db::Rows& rows) {
    if (rows.empty()) return std::nullopt;
    return read_user(rows[0]);
}

}  // namespace

User read_user(const db::Row& row) {
    return {.id = row.get<UserId>(0),
            .email = row.get<std::string>(1),
            .name = row.get<std::string>(2),
            .role = row.get<std::string>(3),
            .language = row.get<std::string>(4),
            .theme = row.get<std::string>(5),
            .created_at = row.get<Time>(6),
            .suspended_at = row.get<std::optional<Time>>(7),
            .last_seen_at = row.get<std::optional<Time>>(8)};
}

Task<std::optional<User>> People::find(UserId owner) {
    const auto rows = co_await db_.query(find_person_sql, owner);
    co_return first_user(rows);
}

std::string profile_mark(const User& user) {
    return http::mark_of(user.name + "\n" + user.language + "\n" + user.theme);
}

Task<Result<User>> People::change_profile(UserId owner, ProfileChange change, http::IfMatch condition) {
    auto work = [&](db::Transaction& tx) -> Task<Result<User>> {
        const auto found = co_await tx.query(lock_person_sql, owner);
        if (found.empty()) co_return not_found("account");
        if (!condition.allows(profile_mark(read_user(found[0])))) co_return http::stale();
        const auto rows =
            co_await tx.query(change_profile_sql, owner, change.name, change.language, change.theme);
        co_return read_user(rows[0]);
    };
    co_return co_await db_.transaction(work);
}

Task<Result<User>> People::create(NewPerson person) {
    const auto id = UserId::make();
    auto work = [&](db::Transaction& tx) -> Task<User> {
        const auto rows =
            co_await tx.query(create_sql, id, person.email, person.name, person.role, person.language);
        audit::Entry entry{audit::by_operator(), "person.created", "person", id.text()};
        entry.details = JsonWriter().object().field("role", person.role).end().take();
        co_await audit::append(tx, std::move(entry));
        co_return read_user(rows[0]);
    };
    try {
        co_return co_await db_.transaction(work);
    } catch (const db::UniqueViolation& clash) {
        if (clash.constraint() != "users_email_key") throw;
    }
    co_return Error(ErrorCode::conflict, "An account with this address exists already.");
}

Task<std::optional<User>> People::find_by_email(std::string email) {
    const auto rows = co_await db_.query(find_by_email_sql, email);
    co_return first_user(rows);
}

Task<std::vector<User>> People::list_everyone() {
    const auto rows = co_await db_.query(list_people_sql);
    std::vector<User> people;
    people.reserve(static_cast<std::size_t>(rows.size()));
    for (const auto& row : rows) people.push_back(read_user(row));
    co_return people;
}

Task<std::vector<std::string>> People::administrator_addresses() {
    const auto rows = co_await db_.query(
        "SELECT email FROM users WHERE role = 'administrator' AND suspended_at IS NULL ORDER BY created_at "
        "LIMIT 20");
    std::vector<std::string> addresses;
    for (const auto row : rows) addresses.push_back(row.get<std::string>(0));
    co_return addresses;
}

Task<bool> People::lacks_administrator() {
    const auto rows = co_await db_.query(lacks_administrator_sql);
    co_return rows[0].get<bool>(0);
}

Task<void> lock_person(db::Transaction& tx, UserId person) {
    co_await tx.query(lock_person_sql, person);
}

}  // namespace bb::accounts
