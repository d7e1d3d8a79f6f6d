#include "services/audit/configuration.hpp"

#include "base/core/crypto.hpp"
#include "base/core/json_writer.hpp"
#include "services/audit/audit.hpp"

namespace bb::audit {
namespace {

constexpr const char* last_digest_sql =
    "SELECT details->>'digest' FROM audit_entries WHERE action = 'configuration.changed' "
    "AND subject_id = $1 ORDER BY seq DESC LIMIT 1";

}  // namespace

std::string configuration_digest(const config::Config& config) {
    std::string text;
    for (const auto& option : config::options()) {
        const auto& value = config.text(option.name);
        text.append(option.name) += '=';
        text += option.kind == config::Kind::secret ? (value.empty() ? "unset" : "set")
                                                    : config::masked(option, value);
        text += '\n';
    }
    return crypto::hex(crypto::sha256(text));
}

Task<void> note_configuration(db::Database& db, std::string digest, std::string home) {
    auto work = [&](db::Transaction& tx) -> Task<void> {
        const auto rows = co_await tx.query(last_digest_sql, home);
        if (!rows.empty() && rows[0].get<std::string>(0) == digest) co_return;
        Entry entry{by_operator(), "configuration.changed", "configuration", home};
        entry.details = JsonWriter().object().field("digest", digest).end().take();
        co_await append(tx, std::move(entry));
    };
    co_await db.transaction(work);
}

}  // namespace bb::audit
