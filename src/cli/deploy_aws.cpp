#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "base/core/uuid.hpp"
#include "cli/deploy.hpp"
#include "cli/production.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/stages/verify_stage.hpp"
#include "operations/verify/outside.hpp"

namespace bb::cli {
namespace {

using std::chrono::steady_clock;

constexpr const char* script = "deploy/aws/release.mjs";
constexpr std::chrono::hours longest_change{2};

/// One change of the service that deploy/aws has made; its release is the tag of an image.
class AwsChange {
public:
    AwsChange(Context& context, const DeployWords& words)
        : context_(context), words_(words), ledger_(stage_ledger(context, words.stage)) {
        if (!std::filesystem::exists(script))
            throw std::runtime_error(std::string("Run it in a clone of BrainBytes: there is no ") + script +
                                     " here.");
    }

    int deploy(const std::string& tag) {
        const auto stage = stage_of(words_.stage);
        try {
            step(tag, "check", [&]() { return former_ = running(); });
            step(tag, "aws", [&]() { return change({tag}); });
            if (!words_.no_verify) step(tag, "verify", [&]() { return verified(stage); });
        } catch (const std::exception& fault) {
            return context_.fail(fmt::format("{}: {} is not in service: {}{}", words_.stage, tag,
                                             fault.what(), failed_ == "verify" ? put_back(tag) : ""));
        }
        step(tag, "keep", [this]() { return running(); });
        return done;
    }

    /// What served before by this ledger, if what serves now is what it says.
    int roll_back() {
        const auto entries = ledger_.read();
        const auto now = newest_kept(entries);
        const auto to = !words_.to.empty() ? words_.to : deploy::release_before(entries, now.release);
        if (to.empty())
            return context_.fail(
                "No release was in service before this one, as far as is known here: name a tag with --to.");
        if (const auto serves = running(); words_.to.empty() && serves != now.detail)
            return context_.fail(fmt::format(
                "{} serves, which was not brought from here: name the tag to go back to with --to.", serves));
        if (words_.dry_run) {
            context_.out << fmt::format("{}\twould go back to {}\n", words_.stage, to);
            return done;
        }
        step(to, "rollback", [&]() { return change({to}); });
        step(to, "keep", [this]() { return running(); });
        return done;
    }

private:
    void step(const std::string& tag, const std::string& name, const std::function<std::string()>& work) {
        deploy::LedgerEntry entry{.deployment = id_, .release = tag, .step = name, .result = "done"};
        const auto started = steady_clock::now();
        try {
            entry.detail = work();
        } catch (const std::exception& fault) {
            entry.result = "failed";
            entry.detail = fault.what();
        }
        entry.seconds = std::chrono::duration<double>(steady_clock::now() - started).count();
        context_.err << fmt::format("{}{}: {}\n", name, entry.result == "done" ? "" : " FAILED",
                                    entry.detail);
        ledger_.add(entry);
        if (entry.result == "done") return;
        failed_ = name;
        throw std::runtime_error(name + " failed: " + entry.detail);
    }

    /// The last line of what the script prints. It bounds its own waits.
    static std::string output_of_script(std::vector<std::string> words) {
        words.insert(words.begin(), {"/usr/bin/env", "node", script});
        std::vector<std::string> environment;
        for (char** one = environ; *one; ++one) environment.emplace_back(*one);
        const auto deadline = steady_clock::now() + longest_change;
        auto text = safety::output_of(
            std::move(words), std::move(environment),
            [&]() {
                if (steady_clock::now() > deadline) throw std::runtime_error("it does not come to an end");
            },
            std::filesystem::current_path());
        while (!text.empty() && text.back() == '\n') text.pop_back();
        return text.substr(text.rfind('\n') + 1);
    }

    /// The task definition that serves.
    std::string running() const { return output_of_script({words_.stage, "--running"}); }

    /// Migration, change and, when new tasks do not become healthy, the way back of ECS.
    std::string change(std::vector<std::string> to) const {
        to.insert(to.begin(), words_.stage);
        return output_of_script(std::move(to));
    }

    std::string verified(const stages::Stage& stage) const {
        if (stage.domain.empty())
            throw std::runtime_error("the stage has no domain to look at (--no-verify)");
        verify::Report report([&](const verify::Probe& probe) {
            context_.err << fmt::format("verify {}: {}: {}\n", probe.result, probe.name, probe.answer);
        });
        verify::look_from_outside(report, {stage.url(), {}, context_.config.text("SSL_CERT_FILE")});
        if (const auto faults = stages::faults_of_release(report); !faults.empty())
            throw std::runtime_error(faults);
        return fmt::format("{} probes", report.probes().size());
    }

    std::string put_back(const std::string& tag) {
        try {
            step(tag, "put back", [&]() { return change({"--revision", former_}); });
            return "; " + former_ + " serves again";
        } catch (const std::exception& fault) {
            return std::string("; ") + fault.what();
        }
    }

    static deploy::LedgerEntry newest_kept(const std::vector<deploy::LedgerEntry>& entries) {
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
            if (entry->step == "keep" && entry->result == "done") return *entry;
        return {};
    }

    Context& context_;
    const DeployWords& words_;
    const deploy::Ledger ledger_;
    const std::string id_ = Uuid::make().text();
    std::string failed_, former_;
};

int needs_stage(const Context& context) {
    context.fail("--target aws needs --stage.");
    return wrong_usage;
}

}  // namespace

int deploy_on_aws(Context& context, const DeployWords& words) {
    if (words.stage.empty()) return needs_stage(context);
    if (words.stage == "production" && !words.dry_run) {
        // The boxes are asked for what this clone holds: nothing else may go through by them.
        const auto release = release_of_head();
        if (words.what != release)
            return context.fail(fmt::format(
                "Production gets what was checked: {}, by its name as the tag of the image, not {}.", release,
                words.what));
        if (!may_go_to_production(context, words, stage_of(words.stage), release)) return failed;
    }
    if (!words.dry_run) return AwsChange(context, words).deploy(words.what);
    if (words.stage == "production") print_boxes(context, words, stage_of(words.stage), words.what);
    context.out << fmt::format("aws\tregister {}, migrate, change the service of {}\nverify\tfrom outside\n",
                               words.what, words.stage);
    return done;
}

int roll_back_on_aws(Context& context, const DeployWords& words) {
    if (words.stage.empty()) return needs_stage(context);
    return AwsChange(context, words).roll_back();
}

}  // namespace bb::cli
