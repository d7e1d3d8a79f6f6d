#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "base/core/program.hpp"
#include "base/core/uuid.hpp"
#include "cli/deploy.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/stages/verify_stage.hpp"
#include "operations/verify/outside.hpp"

namespace bb::cli {
namespace {

using std::chrono::steady_clock;

constexpr const char* script = "deploy/aws/release.mjs";

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
        const auto former = newest_kept();
        try {
            step(tag, "aws", [&]() { return release(tag); });
            if (!words_.no_verify) step(tag, "verify", [&]() { return verified(stage); });
        } catch (const std::exception& fault) {
            return context_.fail(fmt::format("{}: {} is not in service: {}{}", words_.stage, tag,
                                             fault.what(), failed_ == "verify" ? put_back(tag, former) : ""));
        }
        step(tag, "keep", []() { return std::string("it serves"); });
        return done;
    }

    int roll_back() {
        const auto current = newest_kept();
        const auto to = !words_.to.empty() ? words_.to : deploy::release_before(ledger_.read(), current);
        if (to.empty())
            return context_.fail(
                "No release was in service before this one, as far as is known here: name a tag with --to.");
        if (words_.dry_run) {
            context_.out << fmt::format("{}\twould go back to {}\n", words_.stage, to);
            return done;
        }
        step(to, "rollback", [&]() { return release(to); });
        step(to, "keep", []() { return std::string("it serves"); });
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

    /// Migration, change and, when new tasks do not become healthy, the way back of ECS.
    std::string release(const std::string& tag) const {
        Launch how{.command = {"/usr/bin/env", "node", script, words_.stage, tag},
                   .folder = std::filesystem::current_path(),
                   .out = STDERR_FILENO,
                   .error = STDERR_FILENO};
        for (char** one = environ; *one; ++one) how.environment.emplace_back(*one);
        if (wait_for(launch(how)) != 0)
            throw std::runtime_error("it did not come into service, as said above");
        return tag + " serves";
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

    std::string put_back(const std::string& tag, const std::string& former) {
        if (former.empty() || former == tag)
            return "; no release before it is known here: name one with rollback --to";
        try {
            step(former, "put back", [&]() { return release(former); });
            return "; " + former + " serves";
        } catch (const std::exception& fault) {
            return std::string("; ") + fault.what();
        }
    }

    std::string newest_kept() const {
        const auto entries = ledger_.read();
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
            if (entry->step == "keep" && entry->result == "done") return entry->release;
        return {};
    }

    Context& context_;
    const DeployWords& words_;
    const deploy::Ledger ledger_;
    const std::string id_ = Uuid::make().text();
    std::string failed_;
};

int needs_stage(const Context& context) {
    context.fail("--target aws needs --stage.");
    return wrong_usage;
}

}  // namespace

int deploy_on_aws(Context& context, const DeployWords& words) {
    if (words.stage.empty()) return needs_stage(context);
    if (words.stage == "production" && !words.dry_run &&
        !may_go_to_production(context, words, stage_of(words.stage), release_of_head()))
        return failed;
    if (!words.dry_run) return AwsChange(context, words).deploy(words.what);
    context.out << fmt::format("aws\tregister {}, migrate, change the service of {}\nverify\tfrom outside\n",
                               words.what, words.stage);
    return done;
}

int roll_back_on_aws(Context& context, const DeployWords& words) {
    if (words.stage.empty()) return needs_stage(context);
    return AwsChange(context, words).roll_back();
}

}  // namespace bb::cli
