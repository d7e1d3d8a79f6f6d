#include "features/accounts/policy.hpp"

#include "base/core/json_writer.hpp"

namespace bb::accounts {
namespace {

constexpr const char* read_policy_sql = "SELECT sign_up, domains FROM sign_up_policy";
constexpr const char* lock_policy_sql = "SELECT sign_up, domains FROM sign_up_policy FOR UPDATE";
constexpr const char* change_policy_sql =
    "UPDATE sign_up_policy SET sign_up = $1, domains = $2, updated_at = now()";

Policy read(const db::Rows& rows) {
    return {rows[0].get<std::string>(0), rows[0].get<std::vector<std::string>>(1)};
}

void write(JsonWriter& json, std::string_view name, const Policy& policy) {
    json.key(name).object().field("signUp", policy.sign_up).key("domains").array();
    for (const auto& domain : policy.domains) json.value(domain);
    json.end().end();
}

}  // namespace

Task<Policy> read_policy(db::Database& db) {
    const auto rows = co_await db.query(read_policy_sql);
    co_return read(rows);
}

std::string policy_mark(const Policy& policy) {
    std::string text = policy.sign_up;
    for (const auto& domain : policy.domains) text += "\n" + domain;
    return http::mark_of(text);
}

Task<Result<void>> change_policy(db::Database& db, Policy policy, http::IfMatch condition,
                                 audit::Origin origin) {
    auto work = [&](db::Transaction& tx) -> Task<Result<void>> {
        const auto rows = co_await tx.query(lock_policy_sql);
        const auto before = read(rows);
        if (!condition.allows(policy_mark(before))) co_return http::stale();
        co_await tx.query(change_policy_sql, policy.sign_up, policy.domains);
        JsonWriter details;
        details.object();
        write(details, "from", before);
        write(details, "to", policy);
        audit::Entry entry{origin, "policy.changed", "policy", "sign_up", details.end().take()};
        co_await audit::append(tx, std::move(entry));
        co_return Result<void>();
    };
    co_return co_await db.transaction(work);
}

}  // namespace bb::accounts
