#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "base/client/address.hpp"
#include "base/client/mail_greeting.hpp"
#include "base/config/public_url.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/new_file.hpp"
#include "base/core/time.hpp"
#include "cli/deploy.hpp"
#include "cli/visitor.hpp"
#include "operations/release/kept.hpp"
#include "operations/stages/verify_stage.hpp"
#include "operations/verify/browser.hpp"
#include "operations/verify/outside.hpp"
#include "operations/verify/student.hpp"
#include "services/mail/message.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

/// The exit code when the release is well, and what is around it is not: going back would not help.
constexpr int only_around = 3;
constexpr double seconds_of_hour = 3600;
constexpr std::chrono::seconds longest_talk{15};

struct VerifyWords {
    std::string stage;
    std::string url;
    std::string mail_as;
    bool elsewhere = false;  ///< the server runs on another machine
    bool json = false;
};

/// Where letters can be read; empty: nowhere here.
fs::path outbox(const Context& context, const VerifyWords& words) {
    if (words.elsewhere || context.config.is_set("SMTP_URL")) return {};
    return fs::path(context.config.text("BRAINBYTES_DATA")) / "outbox";
}

/// What the backups of an installation lack, as "backup status" tells it; empty: nothing.
std::string fault_of_backups(const boost::json::object& status) {
    if (status.at("fault").is_string()) return std::string(status.at("fault").as_string());
    if (!status.at("last").is_object()) return "none was made";
    for (const auto& place : status.at("places").as_array())
        if (const auto& fault = place.at("fault"); fault.is_string())
            return fmt::format("{} cannot be used: {}", place.at("path").as_string().c_str(),
                               fault.as_string().c_str());
    const auto allowed = status.at("allowedSeconds").to_number<double>();
    const auto& age = status.at("ageSeconds");
    if (!age.is_number())
        return "no logical one was made: a physical one serves this version of PostgreSQL alone";
    const auto seconds = age.to_number<double>();
    const bool is_late = status.at("late").as_bool();
    if (seconds <= allowed && !is_late) return {};
    if (seconds <= allowed) return "the last one is not where backups are kept: brainbytes backup status";
    return fmt::format("the last one is {:.0f} hours old, and {:.0f} are allowed", seconds / seconds_of_hour,
                       allowed / seconds_of_hour);
}

std::string backup_age(const Context& context) {
    const auto told = parse_json(output_of_own(context, {"backup", "status", "--json"}, true));
    if (!told || !told->is_object()) throw std::runtime_error("\"backup status\" cannot be read");
    const auto& status = told->get_object();
    if (const auto fault = fault_of_backups(status); !fault.empty()) throw std::runtime_error(fault);
    const auto at = std::string(status.at("last").at("startedAt").as_string());
    const auto& loss = status.at("rpoSeconds");
    if (!loss.is_number()) return "the last one was made " + at;
    return fmt::format("the last one was made {}; {:.1f} s of work would be lost now", at,
                       loss.to_number<double>());
}

std::string alarms(const Context& context) {
    const auto told = parse_json(output_of_own(context, {"alarm", "status", "--json"}, true));
    if (!told || !told->is_object()) throw std::runtime_error("\"alarm status\" cannot be read");
    const auto& status = told->get_object();
    if (status.at("fault").is_string()) throw std::runtime_error(std::string(status.at("fault").as_string()));
    return fmt::format("{} are armed, {} reach somebody", status.at("armed").to_number<int>(),
                       status.at("ways").to_number<int>());
}

/// By which codes go, asked as a letter would ask, and left before there is one.
std::string mail_server(const Context& context, const std::string& to) {
    const auto& config = context.config;
    const auto& url = config.text("SMTP_URL");
    const auto from = std::string(mail::address_in(config.text("MAIL_FROM")));
    const auto host = client::host_of(url);
    const auto fault = client::try_mail_server(url, config.text("SSL_CERT_FILE"), longest_talk, from, to);
    if (!fault.empty()) throw std::runtime_error(fmt::format("{}: {}", host, fault));
    return fmt::format("{} would take a letter from {}{}; none was sent", host, from,
                       to.empty() ? std::string() : " to " + to);
}

std::string migrations(const Context& context) {
    const auto told = output_of_own(context, {"db", "status"});
    if (told.find("pending") != std::string::npos) throw std::runtime_error("some are not applied");
    output_of_own(context, {"db", "verify"});
    return "all are applied, and the schema is as they make it";
}

std::string kept_release(const Context& context) {
    const auto kept =
        release::KeptReleases(fs::path(context.config.text("BRAINBYTES_DATA")) / "releases").current();
    return kept ? kept->about.name() : std::string();
}

void look_here(Context& context, verify::Report& report, const VerifyWords& words) {
    const auto& config = context.config;
    const verify::Outside at{words.url.empty() ? config::public_url(config) : words.url,
                             kept_release(context), config.text("SSL_CERT_FILE")};
    const bool there = verify::look_from_outside(report, at);
    const auto ask = [&] {
        if (!there) throw verify::NotHere("it cannot be asked there: see DNS and TLS");
    };
    report.look("metrics", [&] {
        if (!words.url.empty()) ask();
        return verify::metrics_at({words.url.empty() ? config::local_url(config) : words.url,
                                   {},
                                   at.ca_file,
                                   words.elsewhere ? config.text("METRICS_TOKEN") : std::string()});
    });
    verify::Visit::To visitor;
    if (report.look("a student for this", [&] {
            ask();
            visitor = student_at(context, at.url, at.ca_file);
            return std::string(verify::student_email);
        }))
        verify::look_as_student(report, visitor, outbox(context, words));
    report.look("e-mail", [&] {
        ask();
        if (words.mail_as.empty())
            throw verify::NotHere("name an administrator who gets a letter: --mail-as EMAIL");
        return verify::send_letter(
            {.url = at.url, .cookie = session_of(context, words.mail_as), .ca_file = at.ca_file});
    });
    if (context.config.is_set("SMTP_URL"))
        report.look("sign-in: mail server", [&] { return mail_server(context, words.mail_as); });
    report.look("alarms armed", [&] { return alarms(context); });
    report.look("backup", [&] { return backup_age(context); });
    report.look("migrations", [&] { return migrations(context); });
    if (there) verify::look_with_browser(report, at.url, !at.ca_file.empty());
}

int run_verify(Context& context, const VerifyWords& words) {
    DeployWords where;
    where.stage = words.stage;
    const bool remote = is_on_aws(where) || is_remote(where);
    if (remote && (!words.url.empty() || !words.mail_as.empty())) {
        context.fail(
            "--url and --mail-as are for this host; of a stage, domain and mail_as in brainbytes.toml "
            "count.");
        return wrong_usage;
    }
    if (!remote) act_as_owner(context);
    verify::Report report([&](const verify::Probe& probe) {
        if (!words.json)
            context.out << fmt::format("{}\t{}\t{}\t{:.1f} s\n", probe.result, probe.name, probe.answer,
                                       probe.seconds)
                        << std::flush;
    });
    if (remote)
        stages::verify_stage(report, stage_of(words.stage), context.config.text("SSL_CERT_FILE"));
    else
        look_here(context, report, words);
    const auto target = remote ? words.stage : std::string("here");
    const auto text = report.to_json(target);
    if (words.json) context.out << text << '\n';
    keep_report(context, text, target, !words.json);
    if (report.passed()) return done;
    context.fail("Not everything is as it should be: " + report.faults());
    return stages::faults_of_release(report).empty() ? only_around : failed;
}

}  // namespace

void keep_report(Context& context, const std::string& text, const std::string& target, bool tell) {
    try {
        write_as_owner(context);  // whose folder it is may be known only since a command has made it
        const auto folder = fs::path(context.config.text("BRAINBYTES_DATA")) / "verifications";
        fs::create_directories(folder);
        const auto file = folder / fmt::format("{}-{}.json", to_rfc3339(now()), target);
        write_new_file(file, text + '\n', 0600);
        if (tell) context.err << "Kept as " << file.string() << '\n';
    } catch (const std::exception& fault) {
        context.err << "The report is not kept: " << fault.what() << '\n';
    }
}

void register_verify(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand("verify",
                                       "Look at a running installation as its people do, and say what was "
                                       "found; exit code 1: the release is not well; 3: only backups, "
                                       "letters, names or certificates are not");
    auto words = std::make_shared<VerifyWords>();
    add_stage(*command, chosen);
    command->add_option("--url", words->url, "Its address, else BRAINBYTES_URL or the one it listens on");
    command->add_option("--mail-as", words->mail_as, "Administrator who is sent a test letter");
    command->add_flag("--elsewhere", words->elsewhere,
                      "The server is on another machine: its outbox is not read here, and metrics are asked "
                      "for by METRICS_TOKEN");
    command->add_flag("--json", words->json, "Print JSON");
    command->callback([&chosen, words] {
        words->stage = chosen.stage;
        chosen.action = [words](Context& context) {
            return run_verify(context, *words);
        };
    });
}

}  // namespace bb::cli
