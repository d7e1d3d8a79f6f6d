#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <thread>

#include "base/core/json_writer.hpp"
#include "base/db/migrate.hpp"
#include "base/db/servers.hpp"
#include "cli/database.hpp"
#include "cli/db.hpp"
#include "cli/seed.hpp"
#include "operations/deploy/schema_back.hpp"
#include "operations/safety/restore.hpp"

namespace bb::cli {
namespace {

struct Words {
    bool json = false;
    bool dry_run = false;
    bool yes = false;
    bool deep = false;
    std::string phase = "expand";
    std::optional<int> to;
    int wait = 0;  // seconds
};

db::Phases phases_of(const std::string& word) {
    if (word == "all") return db::Phases::all;
    return word == "contract" ? db::Phases::contract : db::Phases::expand;
}

void list_json(JsonWriter& json, std::string_view name, const std::vector<db::Migration>& list) {
    json.key(name).array();
    for (const auto& one : list)
        json.object()
            .field("number", one.number)
            .field("name", one.name)
            .field("phase", db::name_of(db::read_header(one.up).phase))
            .end();
    json.end();
}

void print_progress(Context& context, const Words& words, const db::Progress& progress, int schema) {
    const auto* verb = words.dry_run ? "pending" : "applied";
    if (words.json) {
        JsonWriter json;
        json.object().field("dryRun", words.dry_run);
        list_json(json, verb, progress.applied);
        list_json(json, "waiting", progress.waiting);
        context.out << json.field("schema", schema).end().take() << '\n';
    } else {
        for (const auto& one : progress.applied)
            context.out << fmt::format("{} {:04} {}\n", verb, one.number, one.name);
        context.err << fmt::format("The schema is {}{}.\n", words.dry_run ? "still " : "", schema);
    }
    if (progress.waiting.empty()) return;
    const auto& next = progress.waiting.front();
    const auto* phase = db::name_of(db::read_header(next.up).phase);
    context.err << fmt::format("Migration {} ({}) waits: it is of phase {} (db migrate --phase {}).\n",
                               next.number, next.name, phase, phase);
}

/// Migrations keep their order, so that one that was meant can be behind one that was not.
int done_unless_held_back(Context& context, const db::Progress& progress) {
    if (!progress.held_back) return done;
    return context.fail(
        fmt::format("Migration {} ({}) could not be reached: apply the waiting ones before it first.",
                    progress.held_back->number, progress.held_back->name));
}

int migrate(Context& context, const Words& words) {
    return with_session(context, [&](db::Session& session) {
        db::Migrator migrator(session, embedded::embedded_migrations());
        migrator.when_taken(db::say_on_stderr);
        const auto tell = [](const db::Migration& one) {
            db::say_on_stderr(fmt::format("Applying migration {} ({}).", one.number, one.name));
        };
        const auto phases = phases_of(words.phase);
        if (words.to) migrator.stop_at(*words.to);
        auto progress = words.dry_run ? migrator.plan(phases) : migrator.migrate(tell, phases);
        if (!progress) return context.fail(progress.error());
        print_progress(context, words, *progress, migrator.current());
        return done_unless_held_back(context, *progress);
    });
}

const char* state_of(const db::MigrationState& state) {
    if (state.unknown)
        return state.phase == db::Phase::expand ? "of a newer program" : "of a newer program, takes away";
    if (state.changed) return "changed since it was applied";
    return state.applied_at ? "applied" : "pending";
}

int status(Context& context, const Words& words) {
    return with_session(context, [&](db::Session& session) {
        db::Migrator migrator(session, embedded::embedded_migrations());
        JsonWriter json;
        json.object().key("migrations").array();
        bool good = true;
        for (const auto& state : migrator.status()) {
            const bool takes_away = state.unknown && state.phase == db::Phase::contract;
            good = good && !takes_away && !state.changed;
            json.object()
                .field("number", state.number)
                .field("name", state.name)
                .field("phase", db::name_of(state.phase))
                .field("state", state_of(state));
            json.field("appliedAt", state.applied_at).end();
            if (!words.json)
                context.out << fmt::format("{:04}  {:<20}  {}  {}\n", state.number, state.name,
                                           state.applied_at ? to_rfc3339(*state.applied_at) : "-",
                                           state_of(state));
        }
        json.end().field("schema", migrator.current()).end();
        if (words.json) context.out << json.take() << '\n';
        return good ? done : failed;
    });
}

/// What a rollback destroys, for people; the answer of a person at a terminal, or --yes, decides.
bool confirm_losses(Context& context, const Words& words, const std::vector<db::Loss>& losses) {
    for (const auto& loss : losses) {
        context.err << fmt::format("Taking back migration {} ({}) ", loss.number, loss.name);
        if (loss.drops.empty())
            context.err << "drops no table and no column.\n";
        else
            context.err << fmt::format("drops for ever: {}.\n", fmt::join(loss.drops, ", "));
        if (!loss.gone.empty())
            context.err << fmt::format(
                "It dropped {} when it was applied, which comes back empty: only a restore brings the "
                "content "
                "(\"brainbytes backup restore --at TIME\").\n",
                fmt::join(loss.gone, ", "));
    }
    return words.dry_run || confirmed(context, words.yes);
}

void print_losses(Context& context, const Words& words, const std::vector<db::Loss>& losses,
                  db::Session& session, int schema) {
    JsonWriter json;
    json.object().field("dryRun", words.dry_run);
    if (words.dry_run) {
        json.key("servers").array();
        for (const auto& one : db::servers_on(session))
            json.object().field("process", one.process).field("host", one.host).field("from", one.from).end();
        json.end();
    }
    json.key("rolledBack").array();
    for (const auto& loss : losses) {
        json.object().field("number", loss.number).field("name", loss.name).key("drops").array();
        for (const auto& drop : loss.drops) json.value(drop);
        json.end().key("gone").array();
        for (const auto& drop : loss.gone) json.value(drop);
        json.end().end();
    }
    context.out << json.end().field("schema", schema).end().take() << '\n';
}

int rollback_in(Context& context, const Words& words, db::Session& session) {
    db::Migrator migrator(session, embedded::embedded_migrations());
    migrator.when_taken(db::say_on_stderr);
    if (const auto restored = words.to ? std::nullopt : safety::restored_at(session))
        return context.fail(fmt::format(
            "The database was restored at {}, and no migration was applied since: its schema is that of the "
            "backup "
            "already, and to take one more back would be one too many. If it is what you want: --to {}.",
            to_rfc3339(*restored), migrator.current() - 1));
    const int to = words.to.value_or(migrator.current() - 1);
    auto losses = migrator.losses(to);
    if (!losses) return context.fail(losses.error());
    if (!confirm_losses(context, words, *losses)) return failed;
    if (!words.dry_run) {
        auto list = migrator.rollback(to, [](const db::Migration&) {});
        if (!list) return context.fail(list.error());
    }
    if (words.json) {
        print_losses(context, words, *losses, session, migrator.current());
        return done;
    }
    for (const auto& loss : *losses)
        context.out << fmt::format("{} {:04} {}\n", words.dry_run ? "would-roll-back" : "rolled-back",
                                   loss.number, loss.name);
    context.err << fmt::format("The schema is {}{}.\n", words.dry_run ? "still " : "", migrator.current());
    return done;
}

/// Whether the migrations above are gone already, by another program that was waited for perhaps.
bool is_taken_back(const Words& words, db::Session& session) {
    db::Migrator migrator(session, embedded::embedded_migrations());
    return words.wait > 0 && words.to && migrator.current() <= *words.to;
}

/// Servers that need what would be taken away; those that end within `--wait` are waited for.
std::vector<std::string> servers_against(const Words& words, db::Session& session) {
    constexpr std::chrono::milliseconds look_every{200};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(words.wait);
    for (;;) {
        std::vector<std::string> texts;
        for (const auto& one : db::servers_on(session)) texts.push_back(one.text());
        if (texts.empty() || is_taken_back(words, session)) return {};
        if (std::chrono::steady_clock::now() >= deadline) return texts;
        std::this_thread::sleep_for(look_every);
    }
}

int rollback(Context& context, const Words& words) {
    return with_home(context, [&](db::Home& home) {
        const int server = home.server_process();
        if (server != 0 && !words.dry_run && !deploy::is_resting(home.data()))
            return context.fail(fmt::format(
                "The server (process {}) is running and needs this schema. Stop it first.", server));
        db::Session session(home.conninfo());
        const auto servers = words.dry_run ? std::vector<std::string>() : servers_against(words, session);
        if (!servers.empty())
            return context.fail(
                fmt::format("Servers are running on this database and need this schema: {}. Stop them first.",
                            fmt::join(servers, ", ")));
        if (is_taken_back(words, session)) {
            context.err << fmt::format("The schema is {} already.\n", *words.to);
            return done;
        }
        return rollback_in(context, words, session);
    });
}

int verify(Context& context, const Words& words) {
    return verify_database(context, words.json, words.deep);
}

int lint(Context& context, const Words& words) {
    return lint_migrations(context, words.json);
}

/// The school's administrator has an address that is nobody's: on a real site somebody could come to own it.
int seed_if_meant(Context& context, const Words& words) {
    if (context.config.text("BRAINBYTES_STAGE") == "production" && !words.yes)
        return context.fail(
            "The demonstration school has an administrator, admin@example.org. "
            "Add --yes if you want it in production.");
    return seed(context, words.json);
}

}  // namespace

void register_db(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("db", "The database and its schema");
    group->require_subcommand(1);
    auto words = std::make_shared<Words>();
    const auto add = [&](const char* name, const char* help, int (*run)(Context&, const Words&)) {
        auto* command = group->add_subcommand(name, help);
        command->add_flag("--json", words->json, "Print JSON");
        add_stage(*command, chosen);
        command->callback([&chosen, words, run] {
            chosen.action = [words, run](Context& context) {
                return run(context, *words);
            };
        });
        return command;
    };
    auto* up = add("migrate", "Apply the migrations that are missing", migrate);
    up->add_flag("--dry-run", words->dry_run, "Only say what would be applied");
    up->add_option("--phase", words->phase, "Which: expand (what the release before bears), contract, or all")
        ->check(CLI::IsMember({"expand", "contract", "all"}));
    up->add_option("--to", words->to, "Leave alone what is above this number")->check(CLI::NonNegativeNumber);
    add("status", "List the migrations and whether they are applied", status);
    auto* check = add("verify",
                      "Compare the live schema with what the migrations make, and check the database; exit "
                      "code 1: something is wrong",
                      verify);
    check->add_flag("--deep", words->deep, "Read every row and every entry of an index");
    add("lint", "Check the migrations of this program against the rules; needs no database", lint);
    auto* down = add("rollback", "Take back the newest migration, after saying what is lost", rollback);
    down->add_option("--to", words->to, "Take back all above this number; 0: everything")
        ->check(CLI::NonNegativeNumber);
    down->add_option("--wait", words->wait,
                     "Seconds that servers may take to end; another rollback may come first")
        ->check(CLI::Range(0, 3600));
    down->add_flag("--yes", words->yes, "Do not ask");
    down->add_flag("--dry-run", words->dry_run, "Only say what would be lost");
    auto* school = add("seed", "Add a demonstration school; running it again changes nothing", seed_if_meant);
    school->add_flag("--yes", words->yes, "Also in production");
}

}  // namespace bb::cli
