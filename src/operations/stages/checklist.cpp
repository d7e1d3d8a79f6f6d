#include "operations/stages/checklist.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <functional>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "base/core/time.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/stages/aws_service.hpp"
#include "operations/stages/boxes.hpp"
#include "operations/stages/host.hpp"
#include "operations/stages/rollout.hpp"
#include "operations/stages/verify_stage.hpp"
#include "operations/verify/report.hpp"

namespace bb::stages {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours longest_scan_age{24 * 7};

std::string read_file(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(file.string() + " is not there");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string commit_of(const std::string& release) {
    return release.substr(release.rfind('-') + 1);
}

}  // namespace

const std::vector<std::string>& hosts_of(const Evidence& evidence) {
    if (evidence.stage.hosts.empty())
        throw std::runtime_error(fmt::format("{} has no hosts that could be asked", evidence.stage.name));
    return evidence.stage.hosts;
}

std::string recorded(const Evidence& evidence, const char* name, const char* how, bool same_commit,
                     std::chrono::seconds longest) {
    const auto file = evidence.folder / (std::string(name) + ".json");
    if (!fs::exists(file)) throw std::runtime_error(fmt::format("no record here: {}", how));
    const auto parsed = parse_json(read_file(file));
    if (!parsed || !parsed->is_object()) throw std::runtime_error(file.string() + " cannot be read");
    const auto& record = parsed->get_object();
    const auto at = text_member(record, "at");
    const auto commit = text_member(record, "commit");
    const auto when = parse_rfc3339(at);
    auto told = fmt::format("{} of {} at {}: {}", text_member(record, "result"), commit, at,
                            text_member(record, "detail"));
    if (text_member(record, "result") != "passed" || !when) throw std::runtime_error(told);
    if (same_commit && (commit.empty() || !commit.starts_with(commit_of(evidence.release))))
        throw std::runtime_error(
            fmt::format("{}; the release is of {}: {}", told, commit_of(evidence.release), how));
    if (same_commit && (!record.if_contains("changed") || record.at("changed") != boost::json::value(false)))
        throw std::runtime_error(told + "; files were changed that are not committed");
    if (longest.count() > 0 && now() - *when > longest) throw std::runtime_error(told + "; that is too old");
    return told;
}

namespace {

/// The steps of the newest deployment of this release.
std::vector<deploy::LedgerEntry> newest_steps(const Evidence& evidence) {
    const auto all = deploy::Ledger(evidence.ledger).read();
    const auto newest = std::find_if(all.rbegin(), all.rend(), [&](const auto& entry) {
        return entry.release == evidence.release && entry.step != "rollback" && entry.step != "waive";
    });
    if (newest == all.rend()) throw std::runtime_error("no deployment of it is in the ledger");
    std::vector<deploy::LedgerEntry> steps;
    std::copy_if(all.begin(), all.end(), std::back_inserter(steps),
                 [&](const auto& entry) { return entry.deployment == newest->deployment; });
    return steps;
}

std::string started(const Evidence& evidence) {
    const auto steps = newest_steps(evidence);
    return fmt::format("{} by {} at {}", steps.front().deployment, steps.front().who,
                       to_rfc3339(steps.front().at));
}

std::string progress(const Evidence& evidence) {
    const auto steps = newest_steps(evidence);
    for (const auto& one : steps)
        if ((one.result != "done" && one.result != "under way") || one.step == "put back" ||
            one.step == "rollback")
            throw std::runtime_error(
                fmt::format("{}: {}", one.step, one.detail.empty() ? one.result : one.detail));
    return fmt::format("{} steps, the last \"{}\"", steps.size(), steps.back().step);
}

/// Where a look at the stage was, as its report names them.
std::vector<std::string> looked_at(const Evidence& evidence) {
    return evidence.stage.on_aws ? std::vector<std::string>{"task"} : hosts_of(evidence);
}

/// Each host has watched it, and kept it; nothing of it was put back.
std::string watched(const Evidence& evidence) {
    static const std::regex form("watched for ([0-9]+) s$");
    const auto wanted = looked_at(evidence).size();
    progress(evidence);
    std::string told;
    std::size_t hosts = 0;
    for (const auto& one : newest_steps(evidence)) {
        std::smatch found;
        if (one.step != (evidence.stage.on_aws ? "bake" : "host") ||
            !std::regex_search(one.detail, found, form))
            continue;
        if (found[1] == "0") throw std::runtime_error(one.detail + ": it was not watched");
        ++hosts;
        told += (told.empty() ? "" : "; ") + one.detail;
    }
    if (hosts < wanted)
        throw std::runtime_error(fmt::format("{} of {} hosts have watched it to the end", hosts, wanted));
    return told;
}

std::string complete(const Evidence& evidence) {
    if (evidence.stage.on_aws) {
        const auto serves = AwsService(evidence.stage).serving();
        if (serves.release == evidence.release) return serves.definition + " serves";
        throw std::runtime_error(fmt::format("{} serves ({})", serves.definition, serves.release));
    }
    hosts_of(evidence);
    for (const auto& one : look_at(evidence.stage)) {
        if (!one.fault.empty()) throw std::runtime_error(one.fault);
        if (one.kept != evidence.release)
            throw std::runtime_error(fmt::format("{} has {}", one.host, one.kept));
    }
    return fmt::format("{} is kept on {} hosts", evidence.release, evidence.stage.hosts.size());
}

}  // namespace

std::vector<verify::Probe> newest_report(const Evidence& evidence, const std::string& since) {
    std::vector<fs::path> reports;
    if (fs::is_directory(evidence.reports))
        for (const auto& file : fs::directory_iterator(evidence.reports))
            if (file.path().filename().string().ends_with("-" + evidence.stage.name + ".json"))
                reports.push_back(file.path());
    const auto newest = std::max_element(reports.begin(), reports.end());
    if (newest == reports.end() || newest->filename().string() < since)
        throw std::runtime_error("not looked at since: brainbytes verify --stage " + evidence.stage.name);
    return verify::probes_of(read_file(*newest));
}

namespace {

/// Every host was reached and answers with this release; of `names` each has passed there, or had nothing to
/// look at. Without names, nothing anywhere may have failed.
std::string probed(const Evidence& evidence, const std::vector<std::string>& names) {
    const auto report = newest_report(evidence, to_rfc3339(newest_steps(evidence).front().at));
    std::string faults;
    std::size_t passed = 0;
    const auto blame = [&](const std::string& what) {
        faults += (faults.empty() ? "" : "; ") + what;
    };
    const auto look = [&](const std::string& name, bool may_be_skipped) {
        const auto probe =
            std::find_if(report.begin(), report.end(), [&](const auto& one) { return one.name == name; });
        if (probe == report.end()) return blame(name + ": not looked at");
        if (probe->result == "passed") return void(++passed);
        if (probe->result == "failed" || !may_be_skipped) blame(name + ": " + probe->answer);
    };
    for (const auto& host : looked_at(evidence)) {
        look(host + ": reached", false);
        look(host + ": version", false);
        for (const auto& name : names)
            look(host + ": " + name, name == "phone layout" || name == "theme");  // without chromium
    }
    for (const auto& probe : report) {
        if (names.empty() && probe.result == "failed") blame(probe.name + ": " + probe.answer);
        if (probe.name.ends_with(": version") && probe.answer != evidence.release)
            blame(probe.name + ": " + probe.answer);
    }
    if (!faults.empty()) throw std::runtime_error(faults);
    return fmt::format("{} probes passed on {} hosts", passed, looked_at(evidence).size());
}

/// What a host says of going back to what it has now, once the release serves; or, when that serves already,
/// to what it had before.
std::string verdict_of(const Evidence& evidence, const HostState& state) {
    const auto& to = state.kept == evidence.release ? state.before : state.kept;
    if (state.bare || to.empty() || to == "program")
        throw std::runtime_error(state.host + " has no release to go back to");
    std::vector<std::string> words = {"rollback", "--to", to, "--dry-run"};
    if (!state.lock.empty()) words.insert(words.end(), {"--lock", state.lock});  // nothing is changed
    std::string said;
    Host(evidence.stage, state.host).brainbytes(words, {.say = [&](std::string_view line) {
                                                    said += (said.empty() ? "" : " ") + std::string(line);
                                                }});
    return fmt::format("{} to {}: {}", state.host, to, said);
}

std::string way_back(const Evidence& evidence) {
    if (evidence.here == "program") throw std::runtime_error("there is no release here to go back to");
    const auto here = evidence.stage.on_aws ? AwsService(evidence.stage).serving().release : evidence.here;
    if (!here.empty()) return here + ": code only, the migrations of a deployment only add";
    if (evidence.stage.on_aws) throw std::runtime_error("what serves names no tag to go back to");
    hosts_of(evidence);
    std::string told;
    for (const auto& one : look_at(evidence.stage)) {
        if (!one.fault.empty()) throw std::runtime_error(one.fault);
        told += (told.empty() ? "" : "; ") + verdict_of(evidence, one);
    }
    return told;
}

std::string migrations(const Evidence& evidence) {
    safety::output_of(
        {evidence.program.string(), "db", "lint"}, {}, [] {}, fs::current_path());
    return "\"db lint\" finds nothing that would hurt running servers";
}

/// What changed for people is written down by a commit since the release that hosts had before.
std::string documentation(const Evidence& evidence) {
    const auto all = deploy::Ledger(evidence.ledger).read();
    const auto before = std::find_if(all.rbegin(), all.rend(), [&](const auto& entry) {
        const bool served = entry.step == "host" || entry.step == "keep";
        return served && entry.result == "done" && entry.release != evidence.release;
    });
    const auto commit = commit_of(evidence.release);
    const auto since = before == all.rend() ? std::string() : commit_of(before->release);
    const auto log = safety::output_of(
        {"/usr/bin/env", "git", "log", "-1", "--format=%h of %cI",
         since.empty() ? commit : since + ".." + commit, "--", "CHANGELOG.md", "docs"},
        {}, [] {}, fs::current_path());
    if (log.empty()) throw std::runtime_error("no commit since " + since + " changes CHANGELOG.md or docs");
    return "changed by " + log.substr(0, log.find('\n'));
}

/// What is asked of a person where there is no evidence.
std::string please_sign(const BoxKind& kind, const Evidence& evidence) {
    return fmt::format(
        "a person has to say so: brainbytes checklist sign {} --stage {} --release {} --by NAME --note TEXT",
        kind.name, evidence.stage.name, evidence.release);
}

/// Approved by somebody else, as GitHub knows it.
std::string reviewed(const Evidence& evidence) {
    return recorded(evidence, "review", "scripts/review", true, std::chrono::seconds(0));
}

std::vector<BoxKind> boxes_before() {
    return {
        {"review", "Code review completed", reviewed, true},
        {"tests", "All tests passing",
         [](const Evidence& e) {
             return recorded(e, "tests", "make test", true, std::chrono::seconds(0));
         }},
        {"security", "Security scan completed",
         [](const Evidence& e) {
             return recorded(e, "security", "make security", false, longest_scan_age);
         }},
        {"performance", "Performance testing completed",
         [](const Evidence& e) {
             return recorded(e, "load-test", "make load-test", true, std::chrono::seconds(0));
         }},
        {"migrations", "Database migrations prepared", migrations},
        {"rollback", "Rollback plan documented", way_back},
        {"stakeholders", "Stakeholders notified", {}},
    };
}

std::vector<BoxKind> boxes_during() {
    return {
        {"started", "Deployment started", started},
        {"progress", "Progress monitored", progress},
        {"health", "Health checks passing",
         [](const Evidence& e) {
             return probed(e, {"health"});
         }},
        {"metrics", "Performance metrics normal", watched},
        {"errors", "Error rates acceptable", watched},
        {"experience", "User experience verified",
         [](const Evidence& e) {
             return probed(e, {"chat", "materials", "upload", "completion", "phone layout", "theme"});
         }},
    };
}

std::vector<BoxKind> boxes_after() {
    return {
        {"complete", "Deployment completed successfully", complete},
        {"services", "All services operational",
         [](const Evidence& e) {
             return probed(e, {});
         }},
        {"monitored", "Monitoring alerts configured",
         [](const Evidence& e) {
             return probed(e, {"alarms armed"});
         }},
        {"documentation", "Documentation updated", documentation},
        {"team", "Team notified", {}},
        {"retrospective", "Post-deployment review scheduled", {}},
    };
}

Box look_at_box(const BoxKind& kind, const Evidence& evidence, const std::vector<Word>& words) {
    Box box{kind.name, kind.words, "unmet", {}};
    try {
        if (kind.look) {
            box.answer = kind.look(evidence);
            box.result = "met";
        } else {
            box.answer = please_sign(kind, evidence);
        }
    } catch (const std::exception& fault) {
        box.answer = fault.what();
        if (kind.may_be_signed) box.answer += "; else " + please_sign(kind, evidence);
    }
    const bool seen = box.result == "met";  // of what people say, the last counts
    for (const auto& word : words) {
        if (word.box != kind.name || seen) continue;
        if (word.kind == "signed" && (!kind.look || kind.may_be_signed)) box.result = "met";
        if (word.kind == "waived") box.result = "waived";
        if (box.result != "unmet") box.answer = fmt::format("{}: {}", word.by, word.note);
    }
    return box;
}

}  // namespace

std::optional<BoxKind> box_named(const std::string& name) {
    for (const auto& phase : {boxes_of_setup(), boxes_before(), boxes_during(), boxes_after()})
        for (const auto& kind : phase)
            if (name == kind.name) return kind;
    return std::nullopt;
}

bool is_of_setup(const std::string& box) {
    const auto boxes = boxes_of_setup();
    return std::any_of(boxes.begin(), boxes.end(), [&](const BoxKind& kind) { return box == kind.name; });
}

std::vector<Box> check_boxes(Phase phase, const Evidence& evidence) {
    const auto words = evidence.words.of(evidence.release);
    const auto kinds = phase == Phase::setup    ? boxes_of_setup()
                       : phase == Phase::before ? boxes_before()
                       : phase == Phase::during ? boxes_during()
                                                : boxes_after();
    std::vector<Box> boxes;
    boxes.reserve(kinds.size());
    for (const auto& kind : kinds) boxes.push_back(look_at_box(kind, evidence, words));
    return boxes;
}

}  // namespace bb::stages
