#include "operations/safety/restore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/db/migrate.hpp"
#include "base/db/schema_range.hpp"
#include "operations/safety/folder_store.hpp"
#include "operations/safety/loaded_backup.hpp"
#include "operations/safety/newest_rows.hpp"
#include "operations/safety/one_at_a_time.hpp"
#include "operations/safety/snapshot.hpp"
#include "operations/safety/tools.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr const char* last_write_sql = "SELECT max(at) FROM audit_entries";

constexpr const char* has_audit_sql = "SELECT to_regclass('audit_entries') IS NOT NULL";
constexpr const char* restored_at_sql =
    "SELECT max(at) FROM audit_entries WHERE action = 'backup.restored' "
    "AND at >= (SELECT max(applied_at) FROM schema_migrations)";

double since(steady_clock::time_point start) {
    return std::chrono::duration<double>(steady_clock::now() - start).count();
}

/// Where the server's secret lies that a database which was put aside goes with, if it is another one.
fs::path secret_of(const Installation& at, const std::string& former) {
    constexpr std::string_view mark = "_before_";
    return at.data / ("secret.before-" + former.substr(former.rfind(mark) + mark.size()));
}

/// One restore on its way.
class Restoration {
public:
    Restoration(const Installation& into, const RestoreSource& source, const RestorePlan& plan)
        : into_(into),
          id_(source.backup.id),
          manifest_(*source.backup.manifest),
          plan_(plan),
          turn_(one_at_a_time(into.data, "restore")),
          loaded_(into, source, LoadedBackup::Into{plan.empty, into.files}) {}

    Restored run(const Settle& settle) {
        const auto started = steady_clock::now();
        into_.files->watch_with(into_.watch);
        loaded_.load();
        check_newest();
        settle(loaded_.database().conninfo(), plan_.erased);
        loaded_.files().forget(plan_.erased);
        Restored result;
        take_place(result);
        result.files = loaded_.files().count();
        result.erased = plan_.erased.size();
        result.rows = manifest_.row_count();
        result.newest_row = manifest_.newest_row();
        result.seconds = since(started);
        return result;
    }

private:
    void check_newest() {
        db::Session session(loaded_.database().conninfo());
        check_newest_rows(session, manifest_);
    }

    void take_place(Restored& result) {
        loaded_.files().add_missing();
        result.missing_files = loaded_.count_missing_files();
        const auto secret_file = into_.data / "secret";
        const bool fresh = !fs::exists(secret_file);
        const auto former = former_name(into_.conninfo, id_);
        if (fresh) keep_secret(secret_file, former);
        result.seconds_away = loaded_.database().take_place(former);
        if (!plan_.empty) result.former_database = former;
        try {
            // First: without it, nothing that is sealed in the database opens.
            if (!fresh) keep_secret(secret_file, former);
            loaded_.files().replace_changed();
            // Where there was data, what is missing may have been taken away on purpose.
            result.settings = loaded_.files().keep_settings(id_, plan_.empty ? into_.put_setting : nullptr);
        } catch (const std::exception& fault) {
            throw std::runtime_error(
                fmt::format("The database was replaced by that of the backup{}, but what goes with it is not "
                            "all in its place. Restore the backup {} once more when this is mended: {}",
                            former_words(result), id_, fault.what()));
        }
    }

    static std::string former_words(const Restored& result) {
        if (result.former_database.empty()) return {};
        return fmt::format(" (the one of before is {})", result.former_database);
    }

    /// Without the secret of then, what was sealed with it stays closed.
    void keep_secret(const fs::path& file, const std::string& former) {
        const auto& secret = loaded_.files().secret();
        if (secret == into_.secret) return;
        if (fs::exists(file)) fs::rename(file, secret_of(into_, former));
        write_small_file(file, secret);
        if (into_.secret.empty()) return;
        into_.say(
            fmt::format("The server's secret of the backup is in {}. Where BRAINBYTES_SECRET is set, or "
                        "the database is another one's: give that as BRAINBYTES_SECRET_BEFORE_FILE, and "
                        "run \"brainbytes secret rotate\".",
                        file.string()));
    }

    const Installation& into_;
    const std::string& id_;
    const Manifest& manifest_;
    const RestorePlan& plan_;
    const FileLock turn_;
    LoadedBackup loaded_;
};

void compare_with_live(db::Session& session, const Manifest& manifest, RestorePlan& plan) {
    plan.erased.merge(erased_in(session));
    if (session.query(has_audit_sql)[0].get<bool>(0))
        plan.last_write = session.query(last_write_sql)[0].get<std::optional<Time>>(0);
    session.script("SET max_parallel_workers_per_gather = 2");  // a person waits, and a lost service
    auto live = count_rows(session);
    for (const auto& [table, rows] : manifest.rows) {
        const auto now = live.contains(table) ? live[table] : 0;
        if (now != rows) plan.changes.push_back(RowChange{table, now, rows});
        live.erase(table);
    }
    for (const auto& [table, rows] : live)
        if (rows != 0) plan.changes.push_back(RowChange{table, rows, 0});
}

/// Nobody can be erased by this program in an older schema than it works with. One of a newer program stays.
void migrate_former(const std::string& conninfo) {
    const auto migrations = embedded::embedded_migrations();
    db::Session session(conninfo);
    db::Migrator migrator(session, migrations);
    if (migrator.current() >= db::newest_needed(migrations)) return;
    const auto ignore = [](const db::Migration&) {
    };
    const auto applied = migrator.migrate(ignore, db::Phases::needed);
    if (!applied) throw std::runtime_error(applied.error().detail);
}

void put_secret_back(const Installation& at, const std::string& name, const std::string& former) {
    const auto kept = secret_of(at, name), file = at.data / "secret";
    if (!fs::exists(kept)) return;
    try {
        if (fs::exists(file)) write_small_file(secret_of(at, former), read_small_file(file));
        write_small_file(file, read_small_file(kept));
        fs::remove(kept);
    } catch (const std::exception& fault) {
        throw std::runtime_error(fmt::format(
            "{} is in its place (the one of before is {}), but what is sealed in it opens with the secret in "
            "{} alone, which could not be moved to {}: {}",
            name, former, kept.string(), file.string(), fault.what()));
    }
}

}  // namespace

RestorePlan plan_restore(const Installation& into, const Destination& from, const Manifest& manifest,
                         int newest_schema) {
    if (manifest.schema > std::max(db::schema_max, newest_schema))
        throw std::runtime_error(
            fmt::format("The backup {} has schema {}, and this program knows {} at most. Use the program "
                        "that made it ({}) or "
                        "a newer one.",
                        manifest.id, manifest.schema, db::schema_max, manifest.program));
    RestorePlan plan;
    plan.erased = erased_beside(from);
    db::Session session(into.conninfo);
    db::Migrator migrator(session, embedded::embedded_migrations());
    plan.empty = migrator.empty();
    if (plan.empty) return plan;
    try {
        compare_with_live(session, manifest, plan);
    } catch (const db::SqlError& damage) {
        // A damaged database is what a restore is for.
        plan.fault = damage.what();
    }
    return plan;
}

std::optional<Time> restored_at(db::Session& session) {
    if (!session.query(has_audit_sql)[0].get<bool>(0)) return std::nullopt;
    return session.query(restored_at_sql)[0].get<std::optional<Time>>(0);
}

Restored restore_backup(const Installation& into, const RestoreSource& source, const RestorePlan& plan,
                        const Settle& settle) {
    try {
        return Restoration(into, source, plan).run(settle);
    } catch (const std::system_error& fault) {
        if (fault.code() != std::errc::no_space_on_device) throw;
        throw std::runtime_error(
            fmt::format("The disk of {} is full. Nothing was replaced.", into.data.string()));
    }
}

std::vector<std::string> former_databases(const Installation& at) {
    return former_databases_of(at.conninfo);
}

std::string put_back_former(const Installation& at, const std::string& name, const Erased& erased,
                            const Settle& settle) {
    const auto known = former_databases(at);
    if (std::find(known.begin(), known.end(), name) == known.end())
        throw std::runtime_error(fmt::format("No restore has put a database {} aside{}{}.", name,
                                             known.empty() ? "" : ": there are ", fmt::join(known, ", ")));
    const auto turn = one_at_a_time(at.data, "restore");
    const auto conninfo = with_database(at.conninfo, name);
    migrate_former(conninfo);
    settle(conninfo, erased);
    const auto former = former_name(at.conninfo, "putting_back");
    put_back_database(at.conninfo, name, former);
    put_secret_back(at, name, former);
    return former;
}

ReleasedFiles purge_former(const Installation& at, const std::vector<std::string>& names) {
    const auto turn = one_at_a_time(at.data, "restore");
    auto files = files_named_in(at, names);
    for (const auto& name : files.unread)
        at.say(fmt::format("{} does not tell its uploaded files: the server erases them in 30 days.", name));
    drop_databases(at.conninfo, names);
    return release_files(at, std::move(files.named), former_databases(at));
}

}  // namespace bb::safety
