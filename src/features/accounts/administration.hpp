#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "features/accounts/client.hpp"
#include "features/accounts/sessions.hpp"
#include "features/accounts/types.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

/// Which people to list. What is absent does not restrict.
struct PeopleQuery {
    std::string words;  // part of a name or an address
    std::optional<std::string> role;
    std::optional<bool> suspended;
    std::optional<UserId> after;
    int limit = 50;
};

/// A row of the list: never what somebody wrote or brought, only how much it is.
struct PersonRow {
    User user;
    std::int64_t storage_bytes = 0;  // of uploaded files
};

struct PeoplePage {
    std::vector<PersonRow> people;
    bool more = false;
};

/// One person as administrators see them.
struct PersonRecord {
    PersonRow row;
    std::int64_t sessions = 0;
    std::int64_t materials = 0;
    std::int64_t files = 0;
    std::int64_t chats = 0;
};

/// What becomes of a person; what is absent stays.
struct PersonChange {
    std::optional<std::string> role;
    std::optional<bool> suspended;
};

/// A change that was carried out.
struct ChangedPerson {
    PersonRecord record;
    bool ended_sessions = false;        // all of the person's
    std::optional<NewSession> session;  // in place of the one that the actor worked with
};

struct StorageTotals {
    std::int64_t people = 0;
    std::int64_t suspended = 0;
    std::int64_t materials = 0;
    std::int64_t files = 0;
    std::int64_t file_bytes = 0;
    std::int64_t database_bytes = 0;
};

/// Stands for what administrators may change of a person, see http::IfMatch.
std::string standing_mark(std::string_view role, bool suspended);

/// What administrators and the operator do with other people's accounts.
class Administration {
public:
    explicit Administration(db::Database& db) : db_(db) {}

    /// Newest accounts first.
    Task<PeoplePage> list(PeopleQuery query);
    /// One person; that the record was looked at is written down. Errors: not_found.
    Task<Result<PersonRecord>> view(UserId person, audit::Origin origin);
    /// Changes role or state. Either way the person's sessions end everywhere (by the tables' notifications);
    /// who changes their own role goes on with a new session at `client`. Errors: not_found; stale when the
    /// standing_mark() is another; conflict when no active administrator would be left.
    Task<Result<ChangedPerson>> change(UserId person, PersonChange change, http::IfMatch condition,
                                       audit::Origin origin, Client client);
    Task<StorageTotals> storage();

private:
    db::Database& db_;
};

}  // namespace bb::accounts
