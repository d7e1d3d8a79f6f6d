#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <vector>

#include "base/db/run_once.hpp"
#include "base/net/timer.hpp"
#include "cli/cli.hpp"
#include "cli/database.hpp"
#include "cli/person.hpp"
#include "cli/since.hpp"
#include "services/audit/audit.hpp"
#include "services/audit/log.hpp"

namespace bb::cli {
namespace {

constexpr std::size_t longest_note = 2000;

struct ListOptions {
    std::string since;
    std::string actor;
    std::string action;
    int limit = 100;
    bool follow = false;
    bool json = false;
};

void print(Context& context, const audit::Record& record, bool as_json) {
    if (as_json) {
        JsonWriter json;
        audit::write(json, record);
        context.out << json.text() << '\n';
        return;
    }
    const auto actor = record.actor_email ? *record.actor_email
                       : record.actor_id  ? record.actor_id->text()
                                          : record.actor_kind;
    const auto subject = record.subject_kind.empty()
                             ? "-"
                             : record.subject_kind + " " + record.subject_email.value_or(record.subject_id);
    context.out << fmt::format("{}  {}  {}  {}  {}  {}  {}\n", record.seq, to_rfc3339(record.at),
                               record.action, actor, subject, record.network.empty() ? "-" : record.network,
                               record.details);
}

/// Which entries the options ask for. Errors: invalid_input, with a sentence.
Task<Result<audit::Filter>> filter_of(db::Database& db, ListOptions options) {
    audit::Filter filter;
    filter.action = options.action;
    if (!options.since.empty()) filter.since = parse_since(options.since);
    if (options.actor == "operator" || options.actor == "anonymous") {
        filter.actor_kind = options.actor;
    } else if (!options.actor.empty()) {
        filter.person = Uuid::parse(options.actor);
        if (filter.person) co_return filter;
        const auto person = co_await find_person(db, options.actor);
        if (!person) co_return person.error();
        filter.person = person->id.value;
    }
    co_return filter;
}

/// Prints what is added from now on, until the command is interrupted.
Task<int> follow(Context& context, db::Database& db, audit::Filter filter, std::int64_t last, bool as_json) {
    for (;;) {
        context.out.flush();
        if (!context.out) co_return done;  // nobody reads any more
        co_await net::sleep_for(std::chrono::seconds(1));
        const auto records = co_await audit::following(db, filter, last, 1000);
        for (const auto& record : records) print(context, record, as_json);
        if (!records.empty()) last = records.back().seq;
    }
}

Task<int> list(Context& context, db::Database& db, ListOptions options) {
    const auto filter = co_await filter_of(db, options);
    if (!filter) co_return context.fail(filter.error());
    auto records = co_await audit::newest(db, *filter, options.limit);
    std::reverse(records.begin(), records.end());
    for (const auto& record : records) print(context, record, options.json);
    if (!options.follow) co_return done;
    const auto last = records.empty() ? 0 : records.back().seq;
    co_return co_await follow(context, db, *filter, last, options.json);
}

int run_list(Context& context, const ListOptions& options) {
    if (!options.since.empty() && !parse_since(options.since)) {
        context.fail(std::string("--since ") + forms_of_since);
        return wrong_usage;
    }
    return run_with_database(context.config, [&](db::Database& db) { return list(context, db, options); });
}

Task<int> verify(Context& context, db::Database& db, bool as_json) {
    const auto verdict = co_await audit::verify(db);
    const bool whole = verdict.fault.empty();
    if (as_json) {
        JsonWriter json;
        json.object().field("whole", whole).field("entries", verdict.entries);
        json.field("head", crypto::hex(verdict.head)).key("broken");
        if (whole)
            json.null();
        else
            json.object().field("seq", verdict.seq).field("detail", verdict.fault).end();
        context.out << json.end().take() << '\n';
    } else if (whole) {
        context.out << fmt::format("{} entries, each as it was written. Head: {}\n", verdict.entries,
                                   crypto::hex(verdict.head));
    }
    if (whole) co_return done;
    co_return context.fail(verdict.fault);
}

struct Note {
    std::string text, about;
};

Task<void> note(db::Database& db, Note note) {
    audit::Entry entry{audit::by_operator(), "operator.noted"};
    if (!note.about.empty()) entry.subject_kind = "release";
    entry.subject_id = note.about;
    entry.details = JsonWriter().object().field("note", note.text).end().take();
    co_await audit::record(db, std::move(entry));
}

void add_note(CLI::App& audit, Chosen& chosen) {
    auto* command = audit.add_subcommand("note", "Add an entry in words; deployments do so by themselves");
    add_stage(*command, chosen);
    const auto words = std::make_shared<Note>();
    command->add_option("text", words->text, "What was done, and why")->required();
    command->add_option("--about", words->about, "Name of a release");
    command->callback([&chosen, words] {
        chosen.action = [words](Context& context) {
            if (words->text.empty() || words->text.size() > longest_note)
                return context.fail("A note has 1 to 2000 bytes.");
            // The schema stays as it is: a release that has just come back may need it so.
            return with_home(context, [&](db::Home& home) {
                db::run_once(home.conninfo(), [&](db::Database& db) { return note(db, *words); });
                return done;
            });
        };
    });
}

void add_list(CLI::App& audit, Chosen& chosen) {
    auto* list = audit.add_subcommand("list", "Show the newest entries, oldest of them first");
    add_stage(*list, chosen);
    const auto options = std::make_shared<ListOptions>();
    list->add_option("--since", options->since, "Only later ones: 30m, 24h, 7d, a date or a time");
    list->add_option("--actor", options->actor, "Only by this address, id, \"operator\" or \"anonymous\"");
    list->add_option("--action", options->action, "Only actions that begin so: sign_in, person.role_changed");
    list->add_option("--limit", options->limit, "At most so many")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    list->add_flag("--follow,-f", options->follow, "Go on with what is added, until interrupted");
    list->add_flag("--json", options->json, "Print one JSON object a line");
    list->callback([&chosen, options] {
        chosen.action = [options](Context& context) {
            return run_list(context, *options);
        };
    });
}

void add_verify(CLI::App& audit, Chosen& chosen) {
    auto* command =
        audit.add_subcommand("verify", "Compute the whole chain again; exit code 1: it is broken");
    add_stage(*command, chosen);
    const auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "Print {\"whole\":...,\"entries\":...,\"head\":...,\"broken\":...}");
    command->callback([&chosen, json] {
        chosen.action = [json](Context& context) {
            return run_with_database(
                context.config, [&context, json](db::Database& db) { return verify(context, db, *json); });
        };
    });
}

}  // namespace

void register_audit(CLI::App& app, Chosen& chosen) {
    auto* audit = app.add_subcommand("audit", "Who did what: the log that only grows");
    audit->require_subcommand(1);
    add_list(*audit, chosen);
    add_verify(*audit, chosen);
    add_note(*audit, chosen);
}

}  // namespace bb::cli
