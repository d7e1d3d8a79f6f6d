#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "app/installation.hpp"
#include "base/client/exchange.hpp"
#include "base/core/json_writer.hpp"
#include "cli/database.hpp"
#include "cli/progress.hpp"
#include "operations/dns/failover.hpp"
#include "operations/safety/drill_history.hpp"
#include "operations/safety/hold_drill.hpp"

namespace bb::cli {
namespace {

constexpr std::chrono::seconds look_at_host_every{10};  // as "dns failover"
constexpr std::chrono::seconds held_for{60};            // its TTL
constexpr std::chrono::minutes longest_look{5};

struct DrillWords {
    std::string scenario = "lost-host";
    std::string from, key;
    bool json = false;
};

std::string recovered(const std::optional<double>& rto) {
    return rto ? "recovered in " + safety::duration_text(*rto) : std::string("not recovered");
}

std::string lost(const std::optional<double>& rto, const std::optional<double>& rpo) {
    if (rpo) return safety::duration_text(*rpo);
    return rto ? "not known" : "not known: nothing came back";
}

void print(Context& context, const safety::DrillResult& result, bool as_json) {
    if (as_json) {
        JsonWriter json;
        json.object()
            .field("scenario", result.scenario)
            .field("backup", result.backup)
            .field("startedAt", result.started_at)
            .field("rtoSeconds", result.rto_seconds)
            .field("rpoSeconds", result.rpo_seconds)
            .field("targetRtoSeconds", result.goals.rto_seconds)
            .field("targetRpoSeconds", result.goals.rpo_seconds)
            .field("good", result.good())
            .key("checks")
            .raw(safety::checks_json(result));
        context.out << json.end().take() << '\n';
        return;
    }
    for (const auto& check : result.checks)
        context.out << fmt::format("{}\t{}\t{}\n", check.good ? "good" : "FAILED", check.name, check.detail);
    context.out << fmt::format(
        "time to recover\t{}\tat most {}\nwork lost\t{}\tat most {}\n",
        result.rto_seconds ? safety::duration_text(*result.rto_seconds) : "not recovered",
        safety::duration_text(result.goals.rto_seconds), lost(result.rto_seconds, result.rpo_seconds),
        safety::duration_text(result.goals.rpo_seconds));
}

/// As "dns failover" with its usual rules; the record itself stays as it is.
safety::NameMove move_name(const std::string& lost, const std::string& other) {
    const dns::FailoverRules rules;
    dns::Failover failover(rules);
    const auto started = std::chrono::steady_clock::now();
    const auto seconds = [&]() {
        return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started);
    };
    const auto answer = [](const std::string& url) {
        client::Outgoing request("GET", url + "/readyz");
        request.deadlines.connect = request.deadlines.whole = std::chrono::seconds(5);
        const auto reply = client::exchange(std::move(request));
        return dns::Answer{reply.status == 200, reply.failure ? reply.detail : fmt::to_string(reply.status)};
    };
    while (seconds() < longest_look) {
        const auto verdict = failover.look({answer(lost), answer(other), dns::Place::primary, seconds()});
        if (verdict.step == dns::Step::to_secondary)
            return {fmt::format("it would move ({}); resolvers hold the former address for {} s", verdict.why,
                                held_for.count()),
                    static_cast<double>(held_for.count())};
        std::this_thread::sleep_for(look_at_host_every);
    }
    throw std::runtime_error("the name would stay where it is");
}

int run(Context& context, const DrillWords& words) {
    const auto& scenario = *safety::find_scenario(words.scenario);
    const auto place = app::destinations_of(context.config, words.from).front();
    const auto configured = words.key.empty() ? app::configured_backup_keys(context.config)
                                              : std::optional(safety::read_backup_keys(words.key));
    // The outcome is noted also on a machine that has had no server yet.
    return with_ready_home(context, [&](db::Home& home) {
        const auto source = words.from.empty() ? app::destinations_of(context.config).front() : place;
        const auto backup = source.find("latest");
        if (!backup) return context.fail(backup.error());
        const auto keys = configured ? *configured : app::backup_keys_of(context.config);
        const auto installation = app::installation_of(context.config, home);
        const auto result = safety::hold_drill(installation, scenario, source, *backup, keys,
                                               context.config.number("BACKUP_WAL_DAYS") > 0, move_name);
        print(context, result, words.json);
        return result.good() ? done : failed;
    });
}

int history(Context& context, const DrillWords& words) {
    return with_session(context, [&](db::Session& session) {
        JsonWriter json;
        json.object().key("drills").array();
        for (const auto& one : safety::past_drills(session, 100)) {
            json.object()
                .field("scenario", one.scenario)
                .field("backup", one.backup)
                .field("startedAt", one.started_at)
                .field("rtoSeconds", one.rto_seconds)
                .field("rpoSeconds", one.rpo_seconds)
                .field("good", one.good)
                .key("checks")
                .raw(one.checks)
                .end();
            if (!words.json)
                context.out << fmt::format("{}\t{}\t{}\t{}\twork lost {}\n", to_rfc3339(one.started_at),
                                           one.good ? "good" : "FAILED", one.scenario,
                                           recovered(one.rto_seconds),
                                           lost(one.rto_seconds, one.rpo_seconds));
        }
        if (words.json) context.out << json.end().end().take() << '\n';
        return done;
    });
}

}  // namespace

void register_drill(CLI::App& app, Chosen& chosen) {
    auto* group = app.add_subcommand("drill", "Practise a recovery, and measure it");
    group->require_subcommand(1);
    auto words = std::make_shared<DrillWords>();
    const auto add = [&](const char* name, const char* help, int (*run)(Context&, const DrillWords&)) {
        auto* command = group->add_subcommand(name, help);
        add_stage(*command, chosen);
        command->add_flag("--json", words->json, "Print JSON");
        command->callback([&chosen, words, run] {
            chosen.action = [words, run](Context& context) {
                return run(context, *words);
            };
        });
        return command;
    };
    auto* held =
        add("run", "Bring the newest backup back in a throw-away place and ask the tutor there", run);
    std::vector<std::string> names;
    for (const auto& one : safety::scenarios()) names.emplace_back(one.name);
    held->add_option("--scenario", words->scenario, "What has happened")
        ->check(CLI::IsMember(names))
        ->capture_default_str();
    held->add_option("--from", words->from, "Folder or s3://BUCKET/PREFIX of the backups; unset: BACKUP_TO");
    held->add_option("--key", words->key, "File with the private key; unset: BACKUP_KEY_FILE");
    add("history", "The drills that were held, newest first", history);
}

}  // namespace bb::cli
