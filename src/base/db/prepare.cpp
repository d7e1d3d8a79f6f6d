#include <fmt/format.h>

#include "base/db/migrate.hpp"
#include "base/db/schema_range.hpp"

namespace bb::db {

Result<void> prepare_schema(Session& session, bool managed,
                            const std::function<void(std::string_view)>& say) {
    Migrator migrator(session, embedded::embedded_migrations());
    // The caller comes back, and hears signals in between.
    migrator.when_taken(say, std::chrono::seconds(5));
    LockLimits brief;
    brief.tries = 2;
    migrator.limit_locks(brief);
    auto pending = migrator.pending();
    if (!pending) return Error(ErrorCode::unavailable, pending.error().detail);
    if (pending->empty()) return {};
    const bool empty = migrator.empty();
    if (managed || empty) {
        const auto tell = [&](const Migration& one) {
            say(fmt::format("Applying migration {} ({}).", one.number, one.name));
        };
        auto applied = migrator.migrate(tell, empty ? Phases::all : Phases::needed);
        if (!applied && applied.error().code == ErrorCode::unavailable)
            throw Unavailable(applied.error().detail);
        if (!applied) return Error(ErrorCode::unavailable, applied.error().detail);
        return {};
    }
    const int current = pending->front().number - 1;
    if (current >= schema_min) return {};
    return Error(
        ErrorCode::unavailable,
        fmt::format("The database has schema {}, and this program runs on {} to {}. Run \"brainbytes db "
                    "migrate\" first.",
                    current, schema_min, schema_max));
}

}  // namespace bb::db
