#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/watch_settings.hpp"
#include "base/core/json_writer.hpp"
#include "cli/deploy.hpp"
#include "operations/watch/actions.hpp"

namespace bb::cli {
namespace {

constexpr std::size_t longest_words = 2000;
constexpr std::size_t longest_title = 200;

struct IncidentWords {
    std::string what;
    int number = 0;
    std::string words;
    std::string severity = "P2";
    std::string component = "service";
    std::string by;
    bool is_public = false;
    bool all = false;
    bool json = false;
};

watch::Actor actor_of(const IncidentWords& words) {
    return {audit::by_operator(), words.by.empty() ? "operator" : "operator " + words.by};
}

void print_line(Context& context, const watch::Incident& one) {
    auto state = one.state;
    if (!one.acknowledged_by.empty() && one.state == "acknowledged") state += " by " + one.acknowledged_by;
    context.out << fmt::format("{}\t{}\t{}\t{}\t{}\t{}{}\n", one.number, one.severity, state,
                               to_rfc3339(one.opened_at).substr(0, 19) + "Z", one.component, one.title,
                               one.overdue && one.state == "open" ? "\toverdue" : "");
}

Task<int> list(Context& context, db::Database& db, const IncidentWords& words) {
    auto work = [&](db::Transaction& tx) -> Task<std::vector<watch::Incident>> {
        co_return co_await watch::list_incidents(tx, words.all, 200);
    };
    const auto found = co_await db.transaction(work);
    JsonWriter json;
    json.array();
    for (const auto& one : found) {
        json.raw(watch::to_json(one, now()));
        if (!words.json) print_line(context, one);
    }
    if (words.json) context.out << json.end().take() << '\n';
    if (found.empty() && !words.json) context.err << "There is no incident.\n";
    co_return done;
}

Task<int> show(Context& context, db::Database& db, const IncidentWords& words) {
    std::vector<watch::IncidentEvent> events;
    auto work = [&](db::Transaction& tx) -> Task<Result<watch::Incident>> {
        auto found = co_await watch::find_incident(tx, words.number);
        if (found) events = co_await watch::events_of(tx, found->id);
        co_return found;
    };
    const auto found = co_await db.transaction(work);
    if (!found) co_return context.fail(found.error());
    if (words.json) {
        JsonWriter json;
        json.object().key("incident").raw(watch::to_json(*found, now())).key("events").array();
        for (const auto& event : events) json.raw(watch::to_json(event));
        context.out << json.end().end().take() << '\n';
        co_return done;
    }
    print_line(context, *found);
    for (const auto& event : events)
        context.out << fmt::format("{}\t{}\t{}\t{}\n", to_rfc3339(event.at).substr(0, 19) + "Z", event.kind,
                                   event.actor, event.words);
    co_return done;
}

Task<Result<watch::Incident>> act(watch::Actions& actions, const IncidentWords& words) {
    if (words.what == "ack")
        co_return co_await actions.acknowledge(actor_of(words), words.number, words.words);
    if (words.what == "note")
        co_return co_await actions.note(actor_of(words), words.number, words.words, words.is_public);
    if (words.what == "escalate")
        co_return co_await actions.escalate(actor_of(words), words.number, words.words);
    co_return co_await actions.resolve(actor_of(words), words.number, words.words);
}

Task<int> open(Context& context, watch::Actions& actions, const IncidentWords& words) {
    watch::NewIncident about{words.words, words.severity, words.component, {}, {}, words.words, {}};
    const auto made = co_await actions.open(actor_of(words), std::move(about));
    if (words.json)
        context.out << watch::to_json(made, now()) << '\n';
    else
        print_line(context, made);
    context.err << fmt::format("The matrix says: {}, and an answer within {} minutes.\n",
                               watch::decision_of(made.severity),
                               watch::response_time(made.severity).count());
    if (made.severity == "P0")
        context.err << "A release that is still watched is rolled back by itself. Else \"brainbytes rollback "
                       "--dry-run\" says what going back needs and costs.\n";
    co_return done;
}

Task<int> postmortem(Context& context, watch::Actions& actions, const IncidentWords& words) {
    const auto text = co_await actions.postmortem(words.number);
    if (!text) co_return context.fail(text.error());
    context.out << *text;
    co_return done;
}

Task<int> run_here(Context& context, db::Database& db, const IncidentWords& words) {
    if (words.what == "list") co_return co_await list(context, db, words);
    if (words.what == "show") co_return co_await show(context, db, words);
    watch::Surroundings around;
    co_await app::refresh(around, context.config, db);
    watch::Actions actions(db, around);
    if (words.what == "open") co_return co_await open(context, actions, words);
    if (words.what == "postmortem") co_return co_await postmortem(context, actions, words);
    const auto after = co_await act(actions, words);
    if (!after) co_return context.fail(after.error());
    print_line(context, *after);
    co_return done;
}

int run_incident(Context& context, const IncidentWords& words) {
    const auto most = words.what == "open" ? longest_title : longest_words;
    if (words.words.size() > most) return context.fail(fmt::format("That is longer than {} bytes.", most));
    const bool controls = std::any_of(words.words.begin(), words.words.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (words.what == "open" && (words.words.empty() || controls))
        return context.fail("A title is one line of text.");
    return run_with_database(context.config, [&](db::Database& db) { return run_here(context, db, words); });
}

}  // namespace

void register_incident(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("incident", "What went wrong: who was told, who answers, how it ended");
    group->require_subcommand(1);
    const auto words = std::make_shared<IncidentWords>();
    const auto add = [&](const char* name, const char* help) {
        auto* command = group->add_subcommand(name, help);
        add_stage(*command, chosen);
        command->callback([&chosen, words, name] {
            words->what = name;
            chosen.action = [&chosen, words](Context& context) {
                const auto there = on_first_host(context, chosen);
                return there ? *there : run_incident(context, *words);
            };
        });
        return command;
    };
    const auto numbered = [&](const char* name, const char* help) {
        auto* command = add(name, help);
        command->add_option("number", words->number, "As \"incident list\" shows it")
            ->required()
            ->check(CLI::PositiveNumber);
        return command;
    };
    auto* opened = add("open", "Somebody noticed something: L1 is told at once");
    opened->add_option("title", words->words, "What is wrong, in a sentence")->required();
    opened->add_option("--severity", words->severity, "P0 to P3 (P2)")
        ->check(CLI::IsMember({"P0", "P1", "P2", "P3"}));
    opened->add_option("--component", words->component, "Of the status page (service)")
        ->check(CLI::IsMember(watch::components()));
    auto* listed = add("list", "Those that are not over, newest first");
    listed->add_flag("--all", words->all, "Those that are over, too");
    auto* shown = numbered("show", "One with its time line");
    auto* acknowledged = numbered("ack", "I have it in hand: nobody else is told");
    acknowledged->add_option("words", words->words, "What is being done");
    auto* noted = numbered("note", "Add a line to its time line");
    noted->add_option("words", words->words, "What was found or done")->required();
    noted->add_flag("--public", words->is_public, "Show it on the status page, and tell who subscribed");
    auto* escalated = numbered("escalate", "Tell the next level now");
    escalated->add_option("words", words->words, "Why")->required();
    auto* resolved = numbered("resolve", "It is over");
    resolved->add_option("words", words->words, "What ended it")->required();
    auto* drafted = numbered("postmortem", "Draft the document from what was written down, as Markdown");
    for (auto* command : {opened, acknowledged, noted, escalated, resolved, drafted})
        command->add_option("--by", words->by, "Who does so");
    for (auto* command : {opened, listed, shown}) command->add_flag("--json", words->json, "Print JSON");
}

}  // namespace bb::cli
