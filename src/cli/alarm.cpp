#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <memory>

#include "app/watch_settings.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/net/timer.hpp"
#include "cli/deploy.hpp"
#include "operations/watch/changes.hpp"
#include "operations/watch/export.hpp"
#include "operations/watch/look.hpp"
#include "operations/watch/silences.hpp"
#include "services/audit/audit.hpp"

namespace bb::cli {
namespace {

namespace js = boost::json;

constexpr int seconds_for_test = 60;
constexpr int seconds_for_look = 15;

struct Words {
    std::string name, reason, title, text;
    js::object definition;
    int minutes = 60;
    bool json = false;
};

Task<void> write_down(db::Transaction& tx, const char* action, std::string name) {
    audit::Entry entry{audit::by_operator(), action, "alarm", std::move(name), "{}"};
    co_await audit::append(tx, std::move(entry));
}

Task<std::vector<watch::StandingAlarm>> standing(db::Database& db) {
    auto work = [](db::Transaction& tx) -> Task<std::vector<watch::StandingAlarm>> {
        co_return co_await watch::standing_alarms(tx, now());
    };
    co_return co_await db.transaction(work);
}

Task<int> list(Context& context, db::Database& db, const Words& words) {
    const auto all = co_await standing(db);
    JsonWriter json;
    json.array();
    for (const auto& [alarm, state, incident] : all) {
        if (words.json) {
            json.object().key("alarm").raw(watch::to_json(alarm)).field("state", state.state);
            json.field("since", state.since).field("words", state.words).end();
            continue;
        }
        context.out << fmt::format("{}\t{}\t{}\t{}{}\n", alarm.enabled ? state.state : "off", alarm.severity,
                                   alarm.name, alarm.description,
                                   state.state == "alarm" ? " (" + state.words + ")" : "");
    }
    if (words.json) context.out << json.end().take() << '\n';
    co_return done;
}

Task<int> put(Context& context, db::Database& db, const Words& words) {
    auto work = [&](db::Transaction& tx) -> Task<Result<watch::Alarm>> {
        auto alarm = co_await watch::put_alarm(tx, words.name, js::value(words.definition));
        if (!alarm) co_return alarm;
        co_await write_down(tx, "alarm.changed", words.name);
        co_return alarm;
    };
    const auto alarm = co_await db.transaction(work);
    if (!alarm) co_return context.fail(alarm.error());
    context.out << watch::to_json(*alarm) << '\n';
    co_return done;
}

Task<int> remove(Context& context, db::Database& db, const Words& words) {
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        const bool gone = co_await watch::remove_alarm(tx, words.name);
        if (gone) co_await write_down(tx, "alarm.removed", words.name);
        co_return gone;
    };
    const bool removed = co_await db.transaction(work);
    if (!removed)
        co_return context.fail(
            "Nothing was put under this name; \"alarm put NAME --off\" switches one of ours off.");
    context.out << "removed; one of ours is as it comes with the program again\n";
    co_return done;
}

Task<int> silence(Context& context, db::Database& db, const Words& words) {
    auto work = [&](db::Transaction& tx) -> Task<bool> {
        watch::SilenceOrder order{Uuid::make(), words.name, words.reason, now(),
                                  now() + std::chrono::minutes(words.minutes)};
        const auto alarms = co_await watch::alarms_of(tx);
        const bool known = std::any_of(alarms.begin(), alarms.end(), [&](const watch::Alarm& one) {
            return watch::fits(order, one.name, order.begins);
        });
        if (!known) co_return false;
        co_await watch::add_silence(tx, std::move(order));
        co_await write_down(tx, "alarm.silenced", words.name);
        co_return true;
    };
    const bool known = co_await db.transaction(work);
    if (!known)
        co_return context.fail(
            fmt::format("No alarm is called {}: \"brainbytes alarm list\" names them.", words.name));
    context.out << fmt::format("{} tells nobody for {} minutes\n", words.name, words.minutes);
    co_return done;
}

Task<int> unsilence(Context& context, db::Database& db, const Words& words) {
    auto work = [&](db::Transaction& tx) -> Task<int> {
        const int ended = co_await watch::end_silences(tx, words.name, now());
        if (ended > 0) co_await write_down(tx, "alarm.unsilenced", words.name);
        co_return ended;
    };
    const int ended = co_await db.transaction(work);
    if (ended == 0) co_return context.fail("There is no silence of this name.");
    context.out << words.name << " tells people again\n";
    co_return done;
}

constexpr const char* no_way = "Nobody would be told: there is no contact, no channel and no administrator.";

/// What became of messages, which the server sends; waits until each was tried, or for a minute.
Task<std::vector<watch::TestOutcome>> settled_outcomes(db::Database& db, std::vector<Uuid> messages) {
    std::vector<watch::TestOutcome> outcomes;
    auto look = [&](db::Transaction& tx) -> Task<std::vector<watch::TestOutcome>> {
        co_return co_await watch::outcomes_of(tx, messages);
    };
    bool settled = false;
    for (int second = 0; second < seconds_for_test && !settled; ++second) {
        co_await net::sleep_for(std::chrono::seconds(1));
        outcomes = co_await db.transaction(look);
        settled = true;
        for (const auto& one : outcomes) settled = settled && (one.arrived || !one.fault.empty());
    }
    co_return outcomes;
}

/// Everybody and everything is tried by the server that would do it.
Task<int> test(Context& context, db::Database& db) {
    watch::Surroundings around;
    co_await app::refresh(around, context.config, db);
    auto begin = [&](db::Transaction& tx) -> Task<std::vector<Uuid>> {
        co_return co_await watch::tell_test(tx, around, now());
    };
    const auto messages = co_await db.transaction(begin);
    if (messages.empty()) co_return context.fail(no_way);
    const auto outcomes = co_await settled_outcomes(db, messages);
    bool good = true;
    for (const auto& one : outcomes) {
        good = good && one.arrived;
        context.out << fmt::format("{}{}\t{}\n", one.channel, one.to.empty() ? "" : " to " + one.to,
                                   one.arrived          ? "arrived"
                                   : !one.fault.empty() ? one.fault
                                                        : "not tried: does the server run?");
    }
    co_return good ? done : context.fail("Not everybody is reached.");
}

/// To the same people, what is no incident.
Task<int> notice(Context& context, db::Database& db, const Words& words) {
    watch::Surroundings around;
    co_await app::refresh(around, context.config, db);
    auto begin = [&](db::Transaction& tx) -> Task<std::vector<Uuid>> {
        co_return co_await watch::tell_notice(tx, around, words.title, words.text, now());
    };
    const auto messages = co_await db.transaction(begin);
    if (messages.empty()) co_return context.fail(no_way);
    std::map<std::string, int> arrived;
    std::size_t all = 0;
    for (const auto& one : co_await settled_outcomes(db, messages)) {
        if (!one.arrived) continue;
        ++arrived[one.channel];
        ++all;
    }
    std::string told;
    for (const auto& [channel, count] : arrived)
        told += fmt::format("{}{} by {}", told.empty() ? "" : ", ", count, channel);
    context.out << fmt::format("sent to {} of {}{}{}\n", all, messages.size(), told.empty() ? "" : ": ",
                               told);
    co_return all == messages.size() ? done : context.fail("Not everybody is reached.");
}

/// Why nobody would hear of anything; empty: somebody would.
Task<std::string> fault_of_watch(db::Database& db, std::size_t armed, std::size_t ways) {
    if (armed == 0) co_return "every alarm is switched off";
    if (ways == 0) co_return "nobody would be told: there is no contact, no channel and no administrator";
    Time last{};
    // A server that was just started looks within seconds.
    for (int second = 0; second < seconds_for_look; ++second) {
        if (second > 0) co_await net::sleep_for(std::chrono::seconds(1));
        last = co_await watch::last_look(db);
        if (now() - last < std::chrono::minutes(2)) co_return std::string();
    }
    co_return fmt::format("nobody has looked since {}: no server runs", to_rfc3339(last));
}

Task<int> status(Context& context, db::Database& db, const Words& words) {
    watch::Surroundings around;
    co_await app::refresh(around, context.config, db);
    const auto all = co_await standing(db);
    std::size_t armed = 0;
    std::vector<std::string> on;
    for (const auto& one : all) {
        if (one.alarm.enabled) ++armed;
        if (one.state.state == "alarm") on.push_back(one.alarm.name);
    }
    watch::Incident any;
    any.level = watch::Contacts::levels;
    const auto ways = watch::recipients_of(around, any, 0, now()).size();
    const auto fault = co_await fault_of_watch(db, armed, ways);
    if (words.json) {
        JsonWriter json;
        json.object()
            .field("armed", std::uint64_t(armed))
            .field("ways", std::uint64_t(ways))
            .key("on")
            .array();
        for (const auto& name : on) json.value(name);
        json.end().key("fault");
        if (fault.empty())
            json.null();
        else
            json.value(fault);
        context.out << json.end().take() << '\n';
    } else {
        context.out << fmt::format("{} alarms are armed, {} are on; {} ways to reach somebody\n", armed,
                                   on.size(), ways);
    }
    co_return fault.empty() ? done : context.fail(fault);
}

using Work = Task<int> (*)(Context&, db::Database&, const Words&);

CLI::App* add(CLI::App& group, Chosen& chosen, const std::shared_ptr<Words>& words, const char* name,
              const char* help, Work work) {
    auto* command = group.add_subcommand(name, help);
    add_stage(*command, chosen);
    command->callback([&chosen, words, work] {
        chosen.action = [&chosen, words, work](Context& context) {
            if (const auto there = on_first_host(context, chosen)) return *there;
            return run_with_database(context.config,
                                     [&](db::Database& db) { return work(context, db, *words); });
        };
    });
    return command;
}

/// "Name=status,Value=5*" as CloudWatch's command line writes a dimension.
void add_dimension(js::object& definition, const std::string& text) {
    const auto comma = text.find(",Value=");
    if (!text.starts_with("Name=") || comma == std::string::npos)
        throw CLI::ValidationError("--dimensions", "is written Name=status,Value=5*");
    if (!definition.contains("labels")) definition["labels"] = js::object();
    definition["labels"].as_object()[text.substr(5, comma - 5)] = text.substr(comma + 7);
}

/// The words of "aws cloudwatch put-metric-alarm", and ours.
void add_words_of_put(CLI::App& put, const std::shared_ptr<Words>& words) {
    put.add_option("--alarm-name,name", words->name, "Name: one of ours, or a new one")->required();
    const auto text = [&](const char* option, const char* member, const char* help) {
        put.add_option_function<std::string>(
            option, [words, member](const std::string& value) { words->definition[member] = value; }, help);
    };
    const auto number = [&](const char* option, const char* member, const char* help) {
        put.add_option_function<std::int64_t>(
            option, [words, member](std::int64_t value) { words->definition[member] = value; }, help);
    };
    text("--alarm-description", "description", "A sentence that begins the message");
    text("--metric-name", "metric", "\"brainbytes metrics list\" names them");
    text("--statistic", "statistic", "average, sum, minimum, maximum, samplecount, p95");
    number("--period", "period", "Seconds, full minutes (300)");
    put.add_option_function<double>(
        "--threshold", [words](double value) { words->definition["threshold"] = value; }, "The number");
    text("--comparison-operator", "comparison", "GreaterThanThreshold and the like");
    number("--evaluation-periods", "evaluationPeriods", "So many last periods are looked at (1)");
    number("--datapoints-to-alarm", "datapointsToAlarm", "So many of them must be beyond it");
    text("--treat-missing-data", "treatMissingData", "missing, breaching, notBreaching, ignore");
    text("--severity", "severity", "P0 to P3 (P2)");
    text("--component", "component", "Of the status page");
    put.add_option_function<std::vector<std::string>>(
        "--dimensions",
        [words](const std::vector<std::string>& all) {
            for (const auto& one : all) add_dimension(words->definition, one);
        },
        "Name=LABEL,Value=PATTERN");
    put.add_option("--namespace", "Of CloudWatch: BrainBytes")->check(CLI::IsMember({"BrainBytes"}));
    put.add_flag_callback(
        "--off", [words] { words->definition["enabled"] = false; }, "Switch it off");
    put.add_flag_callback(
        "--on", [words] { words->definition["enabled"] = true; }, "Switch it on again");
}

/// Needs no database: it is the same for every installation.
void add_export(CLI::App& group, Chosen& chosen) {
    auto* command =
        group.add_subcommand("export", "Print the alarms for another system (docs/monitoring.md)");
    command->require_subcommand(1);
    for (const auto& one : watch::exports())
        command->add_subcommand(one.name, one.help)->callback([&chosen, &one] {
            chosen.action = [&one](Context& context) {
                context.out << one.print(watch::built_in_alarms());
                return done;
            };
        });
}

}  // namespace

void register_alarm(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("alarm", "What is watched, and who hears of it");
    group->require_subcommand(1);
    const auto words = std::make_shared<Words>();
    add(*group, chosen, words, "list", "Every alarm and how it stands", list)
        ->add_flag("--json", words->json, "Print JSON");
    add(*group, chosen, words, "status", "Whether somebody would hear of it; exit code 1: nobody would",
        status)
        ->add_flag("--json", words->json, "Print {\"armed\",\"ways\",\"on\",\"fault\"}");
    add_words_of_put(*add(*group, chosen, words, "put", "Add an alarm, or change one", put), words);
    add(*group, chosen, words, "remove", "Take back what was put", remove)
        ->add_option("name", words->name, "Name")
        ->required();
    auto* silenced = add(*group, chosen, words, "silence", "Tell nobody of an alarm for a while", silence);
    silenced->add_option("name", words->name, "Name, or its beginning and a star")->required();
    silenced->add_option("--minutes", words->minutes, "How long (60)")->check(CLI::Range(1, 31 * 24 * 60));
    silenced->add_option("--reason", words->reason, "Why")->required();
    add(*group, chosen, words, "unsilence", "End that", unsilence)
        ->add_option("name", words->name, "As it was written")
        ->required();
    add(*group, chosen, words, "test", "Reach everybody once, by the server that would",
        [](Context& context, db::Database& db, const Words&) { return test(context, db); });
    auto* told =
        add(*group, chosen, words, "tell", "Tell everybody who hears of incidents what is none", notice);
    told->add_option("title", words->title, "One line")->required();
    told->add_option("text", words->text, "What there is to say")->required();
    add_export(*group, chosen);
}

}  // namespace bb::cli
