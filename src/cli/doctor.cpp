#include "cli/doctor.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>

#include "app/installation.hpp"
#include "app/kept_options.hpp"
#include "base/core/json_writer.hpp"
#include "cli/deploy.hpp"
#include "operations/stages/host.hpp"
#include "operations/stages/hosts.hpp"
#include "operations/watch/doctor/database.hpp"
#include "operations/watch/doctor/files.hpp"
#include "operations/watch/doctor/machine.hpp"
#include "operations/watch/doctor/neighbours.hpp"
#include "operations/watch/doctor/network.hpp"
#include "operations/watch/doctor/report.hpp"
#include "operations/watch/doctor/secrets.hpp"
#include "operations/watch/doctor/side_by_side.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using watch::Check;
using watch::Findings;
using watch::Subject;

/// All of it ends within five seconds: what comes before the two rounds is taken off both.
constexpr milliseconds longest_of_all{4900}, longest_round{2250}, longest_step{2000};
constexpr std::chrono::seconds longest_host{20};
constexpr const char* run_as_root =
    "Run this as root, or as the account of the server: sudo brainbytes doctor";

struct DoctorWords {
    std::string stage;
    int transaction_seconds = 300;
    bool json = false;
};

using Shared = std::shared_ptr<const Subject>;

Check check(const Shared& subject, const char* name, void (*look)(Findings&, const Subject&),
            std::string fix_when_late) {
    return {name, longest_round, [subject, look](Findings& findings) { look(findings, *subject); },
            std::move(fix_when_late)};
}

/// libpq takes some of its settings from the environment.
void take_up_libpq_names(const config::Environment& environment) {
    for (const auto& [name, value] : environment)
        if (name.starts_with("PG")) ::setenv(name.c_str(), value.c_str(), 1);
}

/// The options that are in force: of the server that runs, or else of this command.
Subject subject_of(Findings& findings, const DoctorWords& words) {
    auto environment = config::process_environment();
    if (!words.stage.empty()) environment["BRAINBYTES_STAGE"] = words.stage;
    auto ours = watch::options_despite_faults(std::move(environment), ".");
    Subject subject{std::move(ours.config), fs::current_path(), {}, std::move(ours.faults)};
    subject.home = db::find_home(subject.config);
    subject.long_transaction = std::chrono::seconds(words.transaction_seconds);
    const int process = subject.home.server_process;
    if (process == 0) {
        findings.ok("options", fmt::format("no server runs on {}: as this command finds them",
                                           subject.home.data.string()));
        return subject;
    }
    auto theirs = watch::options_of_process(process);
    if (!theirs) {
        findings.warn(
            "options",
            fmt::format("those of the server, process {}, may not be seen: as this command finds them",
                        process),
            run_as_root);
        return subject;
    }
    const auto here = fs::current_path();
    fs::current_path(theirs->folder);  // to which paths in options are relative
    auto in_force = watch::options_despite_faults(theirs->environment, theirs->folder);
    Subject of_server{
        std::move(in_force.config), theirs->folder, {}, std::move(in_force.faults), subject.long_transaction};
    of_server.home = db::find_home(of_server.config);
    if (of_server.home.data != subject.home.data) {
        fs::current_path(here);
        return subject;
    }
    take_up_libpq_names(theirs->environment);
    findings.ok("options", fmt::format("those of the running server, process {}, in {}", process,
                                       theirs->folder.string()));
    return of_server;
}

void look_at_configuration(Findings& findings, const Subject& subject) {
    const char* fix = "Correct it, look with brainbytes config check, then restart the server.";
    for (const auto& fault : subject.faults)
        findings.fail("configuration", fault.pointer + " " + fault.detail, fix);
    for (const auto& warning : subject.config.warnings())
        findings.warn("configuration", warning,
                      "Correct or remove the name; brainbytes config example lists all.");
    if (subject.faults.empty() && subject.config.warnings().empty()) findings.ok("configuration", "no fault");
    const auto stages = stages::read_stages(subject.folder);
    if (stages || stages.error().code == ErrorCode::not_found) return;
    for (const auto& fault : stages.error().fields)
        findings.fail("stages", fault.pointer + " " + fault.detail,
                      "Correct that line, then: brainbytes config check");
}

std::string when_disk_late(const fs::path& folder) {
    return fmt::format("A disk or network mount does not answer; see which: df -h {}; findmnt; dmesg | tail",
                       folder.string());
}

/// What is kept in a folder that hangs is told of that folder alone.
Check disk_of_place(const Shared& subject, const safety::Destination& place, const fs::path& folder) {
    const auto look = [subject, place, folder](Findings& findings) {
        if (app::is_beside_data(subject->config, place))
            return findings.ok("disk of backups",
                               fmt::format("the one of the data, for {}", folder.string()));
        watch::look_at_disk(findings, {{"backups"}, folder});
    };
    return {"disk of backups", longest_round, look, when_disk_late(folder)};
}

std::vector<Check> disks(const Shared& subject) {
    watch::Disk own{{"data"}, subject->home.data};
    if (subject->home.managed) own.uses.emplace_back("database");
    std::vector<Check> checks = {{"disk of data", longest_round,
                                  [own](Findings& findings) { watch::look_at_disk(findings, own); },
                                  when_disk_late(own.folder)}};
    try {
        for (const auto& place : app::destinations_of(subject->config))
            if (const auto folder = place.store().folder())
                checks.push_back(disk_of_place(subject, place, *folder));
    } catch (const std::runtime_error&) {
        // What is wrong with the places is told of them.
    }
    return checks;
}

std::vector<Check> first_round(const Shared& subject) {
    const char* database_late =
        "The database is overloaded or hangs: look at the load (uptime; df -h), then restart it.";
    std::vector<Check> checks = {
        check(subject, "configuration", look_at_configuration, "Look yourself: brainbytes config check"),
        check(subject, "data folder", watch::look_at_data_folder,
              "Its disk is slow or gone: df -h; dmesg | tail"),
        check(subject, "secret files", watch::look_at_secret_files,
              "Their disk is slow or gone: df -h; dmesg | tail"),
        check(subject, "log", watch::look_at_log_folder, "Its disk is slow or gone: df -h; dmesg | tail"),
        check(subject, "server", watch::look_at_server, "Restart it: " + watch::service_command("restart")),
        check(subject, "public name", watch::look_at_name,
              "The name server does not answer: cat /etc/resolv.conf"),
        check(subject, "certificate file", watch::look_at_certificate_file,
              "Correct BRAINBYTES_TLS_CERT and BRAINBYTES_TLS_KEY; the account of the server must be able to "
              "read both."),
        check(subject, "certificate served", watch::look_at_served_certificate,
              "Look whether the address of BRAINBYTES_URL leads here, and its port is open: curl -vI that "
              "address"),
        check(subject, "headers", watch::look_at_headers,
              "First mend what is said of server and public name."),
        {"clock", longest_round, watch::look_at_clock, "Look on the host itself: timedatectl"},
        {"kernel", longest_round, watch::look_at_kernel, "Restart the machine."},
        {"reading files", longest_round, look_at_reading, "Look yourself: bwrap --ro-bind / / true"},
        check(subject, "memory", watch::look_at_memory, "Look yourself: free -m"),
        check(subject, "file limit", watch::look_at_file_limit, "Look yourself: ulimit -n"),
        {"database", longest_round,
         [subject](Findings& findings) { watch::look_at_database(findings, *subject); }, database_late},
    };
    for (auto& one : disks(subject)) checks.push_back(std::move(one));
    if (!subject->home.conninfo.empty())
        checks.push_back(check(subject, "newest backup", look_at_runs, database_late));
    return checks;
}

std::vector<Check> places(const Shared& subject) {
    std::vector<Check> checks;
    try {
        for (const auto& place : app::destinations_of(subject->config)) {
            const auto folder = place.store().folder();
            checks.push_back(
                {"place " + place.name(), longest_round,
                 [subject, place](Findings& findings) { look_at_place(findings, *subject, place); },
                 folder ? when_disk_late(*folder)
                        : std::string("It takes too long: look whether S3_ENDPOINT is right.")});
        }
    } catch (const std::runtime_error& fault) {
        checks.push_back({"places of backups",
                          longest_round,
                          [words = std::string(fault.what())](Findings& findings) {
                              findings.fail("places of backups", words,
                                            "Do what it says, then: brainbytes backup status");
                          },
                          {}});
    }
    return checks;
}

/// What may depend on secrets that the database keeps.
std::vector<Check> second_round(const Shared& subject) {
    std::vector<Check> checks = {
        check(subject, "secrets", watch::look_at_strength, "Look yourself: brainbytes config show"),
        check(subject, "uploaded files", look_at_file_buckets,
              "It takes too long: look whether S3_ENDPOINT is right."),
        check(subject, "mail server", watch::look_at_mail_server,
              "It takes too long: look whether SMTP_URL is right."),
        check(subject, "model", watch::look_at_model,
              "It takes too long: look whether OPENAI_BASE_URL is right."),
        check(subject, "GitHub", watch::look_at_github,
              "It takes too long: look whether this machine reaches it."),
    };
    for (auto& one : places(subject)) checks.push_back(std::move(one));
    return checks;
}

/// Gives options that nothing else sets what the database keeps for them, in a copy that no late thread
/// holds.
Check kept_secrets(const Shared& subject, const std::shared_ptr<std::optional<config::Config>>& into) {
    return {"kept secrets", longest_round,
            [subject, into](Findings&) {
                auto config = subject->config;
                std::error_code failed;
                const bool has_secret = config.is_set("BRAINBYTES_SECRET") || !subject->home.managed ||
                                        fs::exists(subject->home.data / "secret", failed);
                if (!has_secret) return;
                try {
                    auto session = watch::short_session(subject->home.conninfo);
                    app::take_up_kept_secrets(config, session, subject->home.conninfo);
                    *into = std::move(config);
                } catch (const std::exception&) {
                    // What is wrong with the database is told of it.
                }
            },
            "They are in the database: see what is said of that."};
}

/// Looks within what is left of the time, of which `rounds` are still to come.
bool look_within(watch::Report& report, std::vector<Check> checks, steady_clock::time_point began,
                 int rounds) {
    const auto spent = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
    const auto limit = std::min(longest_round, (longest_of_all - spent) / rounds);
    for (auto& one : checks) one.limit = limit;
    auto looked = watch::look_side_by_side(checks);
    for (auto& one : looked.findings) report.findings.push_back(std::move(one));
    return looked.all_came_back;
}

/// One thing after the other, before there is a round: on a disk that hangs nothing more can be done.
bool do_first(watch::Report& report, const char* name, const std::string& data,
              std::function<void(Findings&)> work) {
    auto looked = watch::look_side_by_side({{name, longest_step, std::move(work), when_disk_late(data)}});
    for (auto& one : looked.findings) report.findings.push_back(std::move(one));
    return looked.all_came_back;
}

int finish(Context& context, const watch::Report& report, bool as_json, bool all_came_back) {
    context.out << (as_json ? watch::to_json(report) + "\n" : watch::to_text(report)) << std::flush;
    const int code = report.good() ? done : failed;
    // A thread that hangs in the system must not keep us.
    if (!all_came_back) std::_Exit(code);
    return code;
}

/// Finds what is looked at, and becomes its owner: as root a file may be read that the server cannot.
/// Nothing: what kept us is in the report.
Shared found_here(watch::Report& report, const Context& context, const DoctorWords& words, bool& came_back) {
    const auto found = std::make_shared<std::optional<Subject>>();
    came_back = do_first(report, "options", fs::current_path().string(), [found, words](Findings& findings) {
        try {
            *found = subject_of(findings, words);
        } catch (const std::exception& fault) {
            findings.fail("options", fault.what(), run_as_root);
        }
    });
    if (!came_back || !found->has_value()) return nullptr;
    auto& subject = **found;
    subject.config.set("BRAINBYTES_DATA", subject.home.data.string(),
                       subject.config.value("BRAINBYTES_DATA").origin);
    const auto ours = std::make_shared<Context>(Context{subject.config, context.out, context.err});
    const auto is_owner = std::make_shared<bool>(false);
    const auto as_root = [found, ours, is_owner](Findings& findings) {
        look_at_backup_key(findings, **found);
        act_as_owner(*ours);
        *is_owner = true;
    };
    came_back = do_first(report, "backup key", subject.home.data.string(), as_root);
    return came_back && *is_owner ? std::make_shared<const Subject>(std::move(subject)) : nullptr;
}

/// Both rounds. False: something did not come back.
bool look_around(Context& context, watch::Report& report, const Shared& subject,
                 steady_clock::time_point began) {
    auto checks = first_round(subject);
    const auto kept = std::make_shared<std::optional<config::Config>>();
    const bool has_database = !subject->home.conninfo.empty();
    if (has_database) checks.push_back(kept_secrets(subject, kept));
    const bool all = look_within(report, std::move(checks), began, 2);
    // One that is late may be the one that still writes them.
    if (!all && has_database)
        context.err
            << "brainbytes: secrets that the database keeps were not read: what needs them may be said to "
               "be not configured.\n";
    auto with_kept = *subject;
    if (all && kept->has_value()) with_kept.config = **kept;
    return look_within(report, second_round(std::make_shared<const Subject>(std::move(with_kept))), began,
                       1) &&
           all;
}

int here(Context& context, const DoctorWords& words) {
    const auto began = steady_clock::now();
    watch::Report report;
    report.at = now();
    bool came_back = false;
    const auto subject = found_here(report, context, words, came_back);
    if (subject) came_back = look_around(context, report, subject, began);
    report.seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
    return finish(context, report, words.json, came_back);
}

/// One host, over ssh; what keeps us from it is a finding too.
watch::Report report_of(const stages::Stage& stage, const std::string& host, const DoctorWords& words) {
    try {
        stages::Host::How how;
        how.limit = longest_host;
        how.may_fail = true;
        const auto said = stages::Host(stage, host)
                              .brainbytes({"doctor", "--json", "--transaction-seconds",
                                           std::to_string(words.transaction_seconds)},
                                          how);
        return watch::report_from(said);
    } catch (const std::exception& fault) {
        watch::Report report;
        report.at = now();
        report.findings.push_back(
            {"host", watch::Standing::fail, fault.what(),
             fmt::format("Look whether it is up and has this program: ssh {} {} --version", host,
                         stage.program)});
        return report;
    }
}

/// All hosts of the stage at once.
int on_every_host(Context& context, const DoctorWords& words) {
    const auto stage = stage_of(words.stage);
    std::mutex alone;
    std::map<std::string, watch::Report> reports;
    stages::at_once(stage.hosts, [&](const std::string& host) {
        auto report = report_of(stage, host, words);
        const std::lock_guard lock(alone);
        reports.emplace(host, std::move(report));
    });
    JsonWriter json;
    json.object().field("stage", stage.name).key("hosts").array();
    bool good = true;
    for (const auto& host : stage.hosts) {
        const auto& report = reports.at(host);
        good = good && report.good();
        json.object().field("host", host).key("report").raw(watch::to_json(report)).end();
        if (!words.json) context.out << host << ":\n" << watch::to_text(report);
    }
    if (words.json) context.out << json.end().end().take() << '\n';
    return good ? done : failed;
}

}  // namespace

void register_doctor(CLI::App& app, Chosen& chosen) {
    auto words = std::make_shared<DoctorWords>();
    auto* command = app.add_subcommand("doctor",
                                       "Look at everything of this installation, and say how to mend what is "
                                       "not well; exit code 1: something fails");
    add_stage(*command, chosen);
    command->add_flag("--json", words->json, "Print JSON");
    command
        ->add_option("--transaction-seconds", words->transaction_seconds,
                     "From which age on a transaction is worth a word")
        ->check(CLI::Range(1, 86400))
        ->capture_default_str();
    command->callback([&chosen, words] {
        words->stage = chosen.stage;
        chosen.action = [words](Context& context) {
            DeployWords where;
            where.stage = words->stage;
            return is_remote(where) ? on_every_host(context, *words) : here(context, *words);
        };
    });
}

}  // namespace bb::cli
