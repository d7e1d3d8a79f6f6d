#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "features/accounts/types.hpp"

namespace bb::accounts {

/// What a person may change about themselves; what is absent stays.
struct ProfileChange {
    std::optional<std::string> name;
    std::optional<std::string> language;
    std::optional<std::string> theme;
};

struct NewPerson {
    std::string email;  // as parse_address gives it
    std::string name;
    std::string role;
    std::string language = "en";
};

/// Everyone who has an account.
class People {
public:
    explicit People(db::Database& db) : db_(db) {}

    /// The person themselves. Nullopt when the account is gone.
    Task<std::optional<User>> find(UserId owner);
    /// Applies `change` to the profile of that mark and returns the person as they are now. Errors: not_found
    /// when the account is gone; stale.
    Task<Result<User>> change_profile(UserId owner, ProfileChange change, http::IfMatch condition);

    /// For the operator. Errors: conflict when the address has an account.
    Task<Result<User>> create(NewPerson person);
    Task<std::optional<User>> find_by_email(std::string email);
    /// For the operator: everyone, oldest first.
    Task<std::vector<User>> list_everyone();
    /// Addresses of active administrators, at most 20, those first who have been there longest.
    Task<std::vector<std::string>> administrator_addresses();
    /// True while nobody is administrator.
    Task<bool> lacks_administrator();

private:
    db::Database& db_;
};

/// Holds the row of a person until the transaction ends, before anything of theirs is counted or replaced.
Task<void> lock_person(db::Transaction& tx, UserId person);

/// Stands for what people may change about themselves, see http::IfMatch.
std::string profile_mark(const User& user);

/// The columns of `users` that read_user() wants first in a row.
#define BB_USER_COLUMNS "id, email, name, role, language, theme, created_at, suspended_at, last_seen_at"

/// A person from BB_USER_COLUMNS.
User read_user(const db::Row& row);

}  // namespace bb::accounts
