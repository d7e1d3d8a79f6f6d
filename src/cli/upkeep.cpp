#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <regex>
#include <set>
#include <sstream>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "cli/database.hpp"
#include "cli/deploy.hpp"
#include "cli/visitor.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/safety/runs.hpp"
#include "operations/watch/upkeep.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;
using watch::Review;

struct Words {
    std::string period = "weekly";
    std::vector<std::string> only;
    bool json = false;
};

/// What a task looks at.
struct Site {
    Context& context;
    db::Session& session;
    Time now;
};
using Work = std::function<Review(const Site&)>;

Review missing(std::string words) {
    return {"missing", std::move(words), {}};
}

std::string output(std::vector<std::string> command, const fs::path& folder = fs::current_path()) {
    command.insert(command.begin(), "/usr/bin/env");
    return safety::output_of(
        std::move(command), {}, [] {}, folder);
}

std::string read_file(const fs::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

/// A word of a command of ours: what is well is the review, what it says on failure needs somebody.
Review of_command(const Site& site, std::vector<std::string> words) {
    try {
        auto said = output_of_own(site.context, std::move(words));
        while (said.ends_with('\n')) said.pop_back();
        return {"good", said.substr(0, 1000), {}};
    } catch (const std::exception& fault) {
        return {"attention", fault.what(), {}};
    }
}

Review backups(const Site& site) {
    if (!safety::last_runs(site.session).good) return missing("no backup was made: brainbytes backup create");
    return of_command(site, {"backup", "verify", "latest"});
}

/// Debian's lists of packages as they were fetched last.
Review updates(const Site&) {
    std::istringstream lines(output({"apt-get", "--simulate", "--quiet", "upgrade"}));
    Review review;
    double all = 0, security = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("Inst ")) continue;
        ++all;
        if (line.find("-security") != std::string::npos) ++security;
        if (all <= 20) review.words += line.substr(5, line.find(' ', 5) - 5) + " ";
    }
    review.figures = {{"updates", all}, {"securityUpdates", security}};
    review.words = fmt::format("{:.0f} packages have a newer version, {:.0f} of them for security {}", all,
                               security, review.words);
    if (security > 0) review.result = "attention";
    return review;
}

Review security(const Site& site) {
    auto review = of_command(site, {"audit", "verify"});
    const auto access = watch::review_access(site.session, site.now);
    review.figures = access.figures;
    review.words += "; " + access.words;
    const auto told = parse_json(output_of_own(site.context, {"doctor", "--json"}, true));
    if (!told || !told->is_object()) return missing("\"doctor\" gives no report");
    for (const auto& check : told->get_object().at("checks").as_array())
        if (check.at("result").as_string() == "fail") {
            review.result = "attention";
            review.words += "; " + std::string(check.at("name").as_string());
        }
    return review;
}

/// Commands that the documents name and the program lacks, and links to files that are not there.
Review documentation(const Site& site) {
    const fs::path folder = fs::current_path() / "docs";
    if (!fs::is_directory(folder)) return missing("no clone of the sources here, with its folder docs");
    static const std::regex command("brainbytes ([a-z]+)"), link("\\]\\(([^):#]+)(#[^)]*)?\\)");
    std::set<std::string> faults, tried;
    double files = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() != ".md") continue;
        ++files;
        const auto text = read_file(entry.path());
        for (auto at = std::sregex_iterator(text.begin(), text.end(), link); at != std::sregex_iterator();
             ++at)
            if (!fs::exists(folder / (*at)[1].str()))
                faults.insert(entry.path().filename().string() + " links to " + (*at)[1].str());
        for (auto at = std::sregex_iterator(text.begin(), text.end(), command); at != std::sregex_iterator();
             ++at) {
            const auto noun = (*at)[1].str();
            if (!tried.insert(noun).second) continue;
            try {
                output_of_own(site.context, {noun, "--help"});
            } catch (const std::exception&) {
                faults.insert(entry.path().filename().string() + " names \"brainbytes " + noun + "\"");
            }
        }
    }
    Review review;
    review.figures = {{"files", files}, {"faults", static_cast<double>(faults.size())}};
    review.words = fmt::format("{:.0f} documents, {} faults", files, faults.size());
    for (const auto& fault : faults) review.words += "; " + fault;
    if (!faults.empty()) review.result = "attention";
    return review;
}

/// Sizes of the sources by folder, and the arrows between them.
Review architecture(const Site&) {
    const fs::path folder = fs::current_path() / "src";
    if (!fs::is_directory(folder)) return missing("no clone of the sources here");
    Review review;
    double longest = 0;
    std::string longest_name;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        const auto text = read_file(entry.path());
        const auto lines = static_cast<double>(std::count(text.begin(), text.end(), '\n'));
        const auto part = fs::relative(entry.path(), folder).begin()->string();
        review.figures[part + "Lines"] += lines;
        if (lines <= longest) continue;
        longest = lines;
        longest_name = fs::relative(entry.path(), folder).string();
    }
    review.figures["longestFile"] = longest;
    review.words = fmt::format("the longest file is {} with {:.0f} lines; ", longest_name, longest);
    try {
        output({"scripts/lint-includes"});
        review.words += "every arrow points the right way";
    } catch (const std::exception& fault) {
        review.words += fault.what();
        review.result = "attention";
    }
    return review;
}

/// The record that scripts/security left.
Review penetration(const Site& site) {
    const auto file = fs::current_path() / "build" / "evidence" / "security.json";
    if (!fs::exists(file)) return missing("no record of a scan in this clone: make security");
    const auto record = parse_json(read_file(file));
    if (!record || !record->is_object()) return missing(file.string() + " cannot be read");
    const auto text = [&](const char* name) {
        return std::string(record->get_object().at(name).as_string());
    };
    const auto at = parse_rfc3339(text("at"));
    if (!at || site.now - *at > watch::length_of("quarterly"))
        return missing("the last scan is of " + text("at"));
    return {text("result") == "passed" ? "good" : "attention", text("at") + ": " + text("detail"), {}};
}

const std::map<std::string, Work>& works() {
    static const std::map<std::string, Work> all = {
        {"performance",
         [](const Site& s) {
             return watch::review_performance(s.session, s.now);
         }},
        {"errors",
         [](const Site& s) {
             return watch::review_errors(s.session, s.now);
         }},
        {"backups", backups},
        {"updates", updates},
        {"cost",
         [](const Site& s) {
             return watch::review_cost(s.session, s.now, 7);
         }},
        {"security", security},
        {"slow",
         [](const Site& s) {
             return watch::review_slow_routes(s.session, s.now);
         }},
        {"capacity",
         [](const Site& s) {
             return watch::forecast_capacity(s.session, s.now);
         }},
        {"documentation", documentation},
        {"drill",
         [](const Site& s) {
             return watch::review_drill(s.session, s.now);
         }},
        {"architecture", architecture},
        {"penetration", penetration},
        {"cost-analysis",
         [](const Site& s) {
             return watch::review_cost(s.session, s.now, 92);
         }},
        {"stack",
         [](const Site& s) {
             return watch::review_stack(s.session, s.now);
         }},
        {"continuity",
         [](const Site& s) {
             return watch::review_continuity(s.session, s.now);
         }},
    };
    return all;
}

/// What changed since the last time, figure by figure.
std::string compared(const Review& review, const std::optional<watch::UpkeepRun>& last) {
    std::string words;
    if (!last) return words;
    for (const auto& [name, value] : review.figures) {
        const auto before = last->review.figures.find(name);
        if (before != last->review.figures.end() && before->second != value)
            words +=
                fmt::format("{}{} {:.4g} -> {:.4g}", words.empty() ? "" : ", ", name, before->second, value);
    }
    return words;
}

void print(Context& context, const Words& words, const watch::UpkeepTask& task, const Review& review,
           const std::string& since) {
    if (words.json) {
        JsonWriter json;
        json.object().field("task", task.name).field("result", review.result).field("words", review.words);
        json.key("figures").object();
        for (const auto& [name, value] : review.figures) json.field(name, value);
        json.end().field("sinceLast", since);
        context.out << json.end().take() << '\n';
        return;
    }
    context.out << fmt::format("{}\t{}\t{}{}\n", review.result, task.words, review.words,
                               since.empty() ? "" : "\tsince the last time: " + since);
}

int run(Context& context, const Words& words) {
    return with_session(context, [&](db::Session& session) {
        const Site site{context, session, now()};
        int open = 0;
        for (const auto& task : watch::upkeep_tasks()) {
            const bool chosen = words.only.empty()
                                    ? words.period == task.period
                                    : std::count(words.only.begin(), words.only.end(), task.name) > 0;
            if (!chosen) continue;
            const auto last = watch::last_run(session, task.name);
            Review review;
            try {
                review = works().at(task.name)(site);
            } catch (const db::Unavailable&) {
                throw;
            } catch (const std::exception& fault) {
                review = missing(fault.what());
            }
            watch::keep_run(session, task.name, review, site.now);
            print(context, words, task, review, compared(review, last));
            if (review.result != "good") ++open;
        }
        return open == 0 ? done : context.fail(fmt::format("{} tasks need somebody.", open));
    });
}

int due(Context& context, const Words& words) {
    return with_session(context, [&](db::Session& session) {
        int overdue = 0;
        for (const auto& task : watch::upkeep_tasks()) {
            const auto last = watch::last_run(session, task.name);
            const auto at = watch::due_at(session, task);
            const bool late = at < now();
            overdue += late ? 1 : 0;
            if (words.json) {
                JsonWriter json;
                json.object().field("task", task.name).field("period", task.period).field("due", at);
                json.field("overdue", late).key("last");
                if (last)
                    json.value(last->at);
                else
                    json.null();
                context.out << json.end().take() << '\n';
                continue;
            }
            context.out << fmt::format(
                "{}\t{}\t{}\t{}\t{}\n", late ? "overdue" : "due " + to_rfc3339(at).substr(0, 10), task.period,
                task.name, task.words,
                last ? "last " + to_rfc3339(last->at).substr(0, 10) : std::string("never"));
        }
        return overdue == 0 ? done : context.fail(fmt::format("{} tasks are overdue.", overdue));
    });
}

}  // namespace

void add_upkeep(CLI::App& maintenance, Chosen& chosen) {
    const auto words = std::make_shared<Words>();
    auto* listed = maintenance.add_subcommand(
        "due", "Tasks of regular maintenance, and when; exit code 1: some are overdue");
    listed->add_flag("--json", words->json, "Print one JSON object a line");
    add_stage(*listed, chosen);
    listed->callback([&chosen, words] {
        chosen.action = [&chosen, words](Context& context) {
            const auto there = on_first_host(context, chosen);
            return there ? *there : due(context, *words);
        };
    });
    auto* started = maintenance.add_subcommand(
        "run", "Do the tasks of a period, compare with the last time, and keep it");
    started->add_option("period", words->period, "weekly, monthly or quarterly")
        ->check(CLI::IsMember({"weekly", "monthly", "quarterly"}));
    started->add_option("--task", words->only, "Only this one, whatever its period");
    started->add_flag("--json", words->json, "Print one JSON object a line");
    add_stage(*started, chosen);
    started->callback([&chosen, words] {
        for (const auto& name : words->only)
            if (!works().contains(name))
                throw CLI::ValidationError("--task", "\"maintenance due\" names the tasks");
        chosen.action = [&chosen, words](Context& context) {
            const auto there = on_first_host(context, chosen);
            return there ? *there : run(context, *words);
        };
    });
}

}  // namespace bb::cli
