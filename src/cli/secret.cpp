#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "app/kept_options.hpp"
#include "app/sealed_columns.hpp"
#include "base/core/json_writer.hpp"
#include "base/db/database.hpp"
#include "cli/cli.hpp"
#include "cli/secret_stage.hpp"
#include "features/accounts/server_secret.hpp"
#include "services/audit/audit.hpp"
#include "services/secrets/kept.hpp"
#include "services/secrets/rotation.hpp"

namespace bb::cli {
namespace {

/// Keys and what they seal, by column.
struct Overview {
    std::vector<secrets::KeyEntry> keys;
    std::map<std::string_view, secrets::Counts> columns;
    std::vector<secrets::KeptName> kept;

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
    seen.kept = co_await secrets::kept_names(db);
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
    json.end().key("secrets").array();
    for (const auto& one : seen.kept)
        json.object().field("name", one.name).field("updatedAt", one.updated_at).end();
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
    for (const auto& one : seen.kept)
        context.out << fmt::format("{}\t{}\tkept\n", one.name, to_rfc3339(one.updated_at));
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
    auto* list = secret.add_subcommand(
        "list", "Show the keys by id, with how many values each seals, and the kept secrets by name");
    add_stage(*list, chosen);
    const auto json = std::make_shared<bool>(false);
    list->add_flag("--json", *json, "Print one JSON object: {\"keys\":[...],\"secrets\":[...]}");
    list->callback([&chosen, json] {
        chosen.action = [&chosen, json](Context& context) {
            if (const auto there = on_databases_of_stage(context, chosen, {})) return *there;
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
        chosen.action = [&chosen, options](Context& context) {
            if (const auto there = on_databases_of_stage(context, chosen, {})) return *there;
            return run_with_database(context.config, [&context, options](db::Database& db) {
                return rotate(context, db, *options);
            });
        };
    });
}

constexpr std::size_t longest_secret = 4096;

Task<int> note(db::Database& db, std::string action, const std::string& name) {
    audit::Entry entry{audit::by_operator(), std::move(action), "configuration", name};
    co_await audit::record(db, std::move(entry));
    co_return done;
}

/// One line of the standard input; at a terminal it is not shown while it is typed.
std::string read_value(const std::string& name) {
    if (isatty(STDIN_FILENO)) {
        const char* typed = getpass(("Value of " + name + ": ").c_str());
        return typed ? typed : "";
    }
    std::string value;
    for (int c = 0; value.size() <= longest_secret && (c = std::cin.get()) != EOF && c != '\n';)
        value += static_cast<char>(c);
    if (value.ends_with('\r')) value.pop_back();
    return value;
}

int set(Context& context, const Chosen& chosen, const std::string& name) {
    if (!app::may_be_kept(name))
        return context.fail(name +
                            " is no secret that can be kept: give OPENAI_API_KEY, GITHUB_CLIENT_SECRET, "
                            "SMTP_URL, METRICS_TOKEN or S3_SECRET_ACCESS_KEY.");
    const auto value = read_value(name);
    if (value.empty()) return context.fail("No value came on the standard input: nothing was changed.");
    if (value.size() > longest_secret) return context.fail("The value has more than 4096 characters.");
    if (const auto fault = config::fault_of(*config::find_option(name), value))
        return context.fail("The value of " + name + " " + *fault + ".");
    if (const auto there = on_databases_of_stage(context, chosen, value + '\n')) return *there;
    return run_with_database(context.config, [&](db::Database& db) -> Task<int> {
        secrets::KeyRing ring(db, server_secrets(context.config));
        co_await secrets::keep(db, ring, name, value);
        context.err << name
                    << " is kept. A server uses it from its next start, unless the environment or .env "
                    << "sets it.\n";
        co_return co_await note(db, "secret.set", name);
    });
}

int remove(Context& context, const Chosen& chosen, const std::string& name) {
    if (const auto there = on_databases_of_stage(context, chosen, {})) return *there;
    return run_with_database(context.config, [&](db::Database& db) -> Task<int> {
        if (!co_await secrets::forget(db, name)) co_return context.fail(name + " is not kept.");
        context.err << name << " is forgotten. A running server has it until it is started again.\n";
        co_return co_await note(db, "secret.removed", name);
    });
}

/// `secret set` and `secret remove`.
void add_by_name(CLI::App& secret, Chosen& chosen, const char* word, const char* help,
                 int (*work)(Context&, const Chosen&, const std::string&)) {
    auto* command = secret.add_subcommand(word, help);
    add_stage(*command, chosen);
    const auto name = std::make_shared<std::string>();
    command->add_option("name", *name, "Name of the option, as in .env.example")->required();
    command->callback([&chosen, name, work] {
        chosen.action = [&chosen, name, work](Context& context) {
            return work(context, chosen, *name);
        };
    });
}

}  // namespace

std::vector<std::string> server_secrets(const config::Config& config) {
    return {accounts::server_secret(config), config.text("BRAINBYTES_SECRET_BEFORE")};
}

void register_secret(CLI::App& app, Chosen& chosen) {
    auto* secret = app.add_subcommand("secret", "Secrets that the database keeps sealed, and their keys");
    secret->require_subcommand(1);
    add_list(*secret, chosen);
    add_rotate(*secret, chosen);
    add_by_name(*secret, chosen, "set",
                "Keep a secret sealed in the database; its value comes on the standard input", set);
    add_by_name(*secret, chosen, "remove", "Forget a kept secret", remove);
}

}  // namespace bb::cli
