#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/sealed_columns.hpp"
#include "base/core/json_writer.hpp"
#include "base/db/database.hpp"
#include "cli/cli.hpp"
#include "features/accounts/server_secret.hpp"
#include "services/secrets/rotation.hpp"

namespace bb::cli {
namespace {

std::vector<std::string> server_secrets(const config::Config& config) {
    return {accounts::server_secret(config), config.text("BRAINBYTES_SECRET_BEFORE")};
}

/// Keys and what they seal, by column.
struct Overview {
    std::vector<secrets::KeyEntry> keys;
    std::map<std::string_view, secrets::Counts> columns;

    std::int64_t rows_of(const secrets::KeyId& id) const {
        std::int64_t rows = 0;
        for (const auto& [name, counts] : columns)
            if (const auto at = counts.find(id); at != counts.end()) rows += at->second;
        return rows;
    }
    std::int64_t rows() const {
        std::int64_t all = 0;
        for (const auto& [name, counts] : columns)
            for (const auto& [id, number] : counts) all += number;
        return all;
    }
};

Task<Overview> look(db::Database& db, secrets::KeyRing& ring) {
    Overview seen;
    seen.keys = co_await ring.list();
    for (const auto& column : app::sealed_columns())
        seen.columns[column.name] = co_await secrets::count(db, column);
    co_return seen;
}

void print_json(Context& context, const Overview& seen) {
    JsonWriter json;
    json.object().key("keys").array();
    bool newest = true;
    for (const auto& key : seen.keys) {
        json.object().field("id", secrets::text_of(key.id)).field("createdAt", key.created_at);
        json.field("readable", key.readable).field("newest", key.readable && newest).key("rows").object();
        if (key.readable) newest = false;
        for (const auto& [name, counts] : seen.columns) {
            const auto at = counts.find(key.id);
            json.field(name, at == counts.end() ? std::int64_t{0} : at->second);
        }
        json.end().end();
    }
    context.out << json.end().end().take() << '\n';
}

void print(Context& context, const Overview& seen) {
    bool newest = true;
    for (const auto& key : seen.keys) {
        const auto days = std::chrono::duration_cast<std::chrono::hours>(now() - key.created_at).count() / 24;
        const auto word = !key.readable ? "cannot be read: another BRAINBYTES_SECRET"
                          : newest      ? "newest"
                                        : "older";
        if (key.readable) newest = false;
        context.out << fmt::format("{}\t{}\t{} days\t{} rows\t{}\n", secrets::text_of(key.id),
                                   to_rfc3339(key.created_at), days, seen.rows_of(key.id), word);
    }
    if (seen.keys.empty()) context.err << "There is no key yet: the first secret that is kept makes one.\n";
}

Task<int> list_keys(Context& context, db::Database& db, bool as_json) {
    secrets::KeyRing ring(db, server_secrets(context.config));
    const auto seen = co_await look(db, ring);
    if (as_json)
        print_json(context, seen);
    else
        print(context, seen);
    co_return done;
}

struct RotateOptions {
    bool resume = false;
    bool dry_run = false;
};

Task<int> rotate(Context& context, db::Database& db, RotateOptions options) {
    secrets::KeyRing ring(db, server_secrets(context.config));
    if (options.dry_run) {
        const auto seen = co_await look(db, ring);
        context.out << seen.rows() << " values are sealed; "
                    << (options.resume ? "those with older keys" : "each")
                    << " would be sealed with the newest key.\n";
        co_return done;
    }
    const auto key = options.resume ? co_await ring.newest() : co_await ring.renew();
    context.out << secrets::text_of(key) << std::endl;
    secrets::Resealed all;
    for (const auto& column : app::sealed_columns()) {
        auto tell = [&](const secrets::Resealed& so_far) {
            if (so_far.done > 0) context.err << column.name << ": " << so_far.done << " values sealed anew\n";
        };
        const auto part = co_await secrets::reseal(db, ring, column, tell);
        all.done += part.done;
        all.unreadable += part.unreadable;
    }
    if (all.unreadable > 0)
        co_return context.fail(
            fmt::format("{} values cannot be opened and stay as they are. If BRAINBYTES_SECRET "
                        "was changed, give the former one as BRAINBYTES_SECRET_BEFORE.",
                        all.unreadable));
    context.err << "Everything is sealed with this key now. Older keys stay for copies of the database.\n";
    co_return done;
}

void add_list(CLI::App& secret, Chosen& chosen) {
    auto* list =
        secret.add_subcommand("list", "Show the keys by id: their age, and how many values each seals");
    add_stage(*list, chosen);
    const auto json = std::make_shared<bool>(false);
    list->add_flag("--json", *json, "Print one JSON object: {\"keys\":[...]}");
    list->callback([&chosen, json] {
        chosen.action = [json](Context& context) {
            return run_with_database(
                context.config, [&context, json](db::Database& db) { return list_keys(context, db, *json); });
        };
    });
}

void add_rotate(CLI::App& secret, Chosen& chosen) {
    auto* command = secret.add_subcommand(
        "rotate", "Make a new key and seal everything with it, beside a running server or without one");
    add_stage(*command, chosen);
    const auto options = std::make_shared<RotateOptions>();
    command->add_flag("--resume", options->resume, "Finish a rotation that was interrupted: no new key");
    command->add_flag("--dry-run", options->dry_run, "Say what would be done and stop");
    command->callback([&chosen, options] {
        chosen.action = [options](Context& context) {
            return run_with_database(context.config, [&context, options](db::Database& db) {
                return rotate(context, db, *options);
            });
        };
    });
}

}  // namespace

void register_secret(CLI::App& app, Chosen& chosen) {
    auto* secret = app.add_subcommand("secret", "Keys of what the database keeps sealed");
    secret->require_subcommand(1);
    add_list(*secret, chosen);
    add_rotate(*secret, chosen);
}

}  // namespace bb::cli
