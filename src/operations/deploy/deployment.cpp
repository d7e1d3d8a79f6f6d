#include "operations/deploy/deployment.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/client/exchange.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/process.hpp"
#include "base/core/uuid.hpp"
#include "operations/deploy/control.hpp"
#include "operations/deploy/going_back.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/deploy/schema_back.hpp"
#include "operations/deploy/smoke_test.hpp"

namespace bb::deploy {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds look_every{1};

/// Thrown when a step has failed that is in the ledger already.
class StepFailed : public std::runtime_error {
public:
    StepFailed(std::string which, const std::string& why) : std::runtime_error(why), step(std::move(which)) {}
    const std::string step;
};

class Deployment {
public:
    explicit Deployment(const DeployPlan& plan)
        : plan_(plan),
          control_(plan.data),
          around_(surroundings_of(control_)),
          ledger_(plan.data / "releases" / "ledger.jsonl") {
        if (const auto* trial = control_.ask("status").if_contains("trial"); trial && trial->as_bool())
            throw std::runtime_error("Another change of the release is under way.");
    }

    Outcome run() {
        const auto started = steady_clock::now();
        Outcome outcome;
        outcome.deployment = id_;
        try {
            steps();
            outcome.kept = true;
        } catch (const StepFailed& fault) {
            outcome.step = fault.step;
            outcome.reason = fault.what();
            put_back();
        }
        outcome.seconds = std::chrono::duration<double>(steady_clock::now() - started).count();
        return outcome;
    }

private:
    using Work = std::function<std::string()>;

    void steps() {
        if (plan_.back_up) step("backup", [this]() { return back_up(); });
        if (plan_.migrate)
            step("migrate", [this]() { return command({"db", "migrate", "--phase", "expand"}); });
        if (plan_.schema) take_schema_back();
        if (plan_.restore) bring_database_back();
        step("start", [this]() { return start(); });
        if (plan_.smoke_test)
            step("smoke test", [this]() {
                return SmokeTest{address_, program(), around_, plan_.watch}.run();
            });
        step("switch", [this]() { return switch_over(); });
        step("bake", [this]() { return bake(); });
        step("keep", [this]() {
            if (plan_.confirm) plan_.confirm();
            control_.ask("keep");
            return std::string("it is the current release");
        });
    }

    void step(const std::string& name, const Work& work) {
        LedgerEntry entry{.deployment = id_, .release = plan_.release.about.name(), .step = name};
        const auto started = steady_clock::now();
        std::string fault;
        try {
            if (!putting_back_) plan_.watch();
            ledger_.begin(entry);
            hook("before", name);
            entry.detail = work();
            entry.detail += hook_after(name);
            entry.result = "done";
        } catch (const std::exception& failure) {
            entry.detail = fault = failure.what();
            entry.result = "failed";
        }
        entry.seconds = std::chrono::duration<double>(steady_clock::now() - started).count();
        plan_.say(entry.result == "done" ? name : name + " FAILED", entry.detail);
        ledger_.add(entry);
        if (entry.result == "failed") throw StepFailed(name, fault);
    }

    void hook(const std::string& side, const std::string& name) const {
        run_hook(
            plan_.hooks, hook_name(side, name),
            {"BRAINBYTES_RELEASE=" + plan_.release.about.name(), "BRAINBYTES_DATA=" + plan_.data.string()},
            plan_.watch, plan_.data);
    }

    /// What is kept is kept: that its hook failed is told.
    std::string hook_after(const std::string& name) const {
        try {
            hook("after", name);
        } catch (const std::exception& fault) {
            if (name != "keep") throw;
            return std::string("; but ") + fault.what();
        }
        return {};
    }

    void put_back() {
        putting_back_ = true;
        // Where a step fails here, the next one is tried all the same; the supervisor puts the release before
        // back by itself when it notices that nobody holds on to the change.
        const auto try_to = [this](const char* name, const Work& work) {
            try {
                step(name, work);
            } catch (const StepFailed&) {
            }
        };
        if (former_) try_to("database again", [this]() { return put_database_back(); });
        if (schema_before_)
            try_to("schema again", [this]() {
                const auto to = std::to_string(*schema_before_);
                around_.output_of(newest_program(plan_.data), {"db", "migrate", "--phase", "all", "--to", to},
                                  [] {});
                return "migration " + to;
            });
        try_to("put back", [this]() {
            control_.ask("undo");
            return serving() + " serves";
        });
    }

    /// What has come needs what is taken away: it must not run meanwhile. Who asks in this time waits.
    void take_schema_back() {
        step("rest", [this]() {
            // As long as a server of ours runs, nobody takes it back.
            const auto schema = migrations_of(around_).at("schema").as_int64();
            control_.ask("rest");
            schema_before_ = static_cast<int>(schema);
            return std::string("nothing serves; who asks now is answered by ") + plan_.release.about.name();
        });
        step("schema", [this]() {
            const auto to = std::to_string(*plan_.schema);
            around_.output_of(
                newest_program(plan_.data),
                {"db", "rollback", "--to", to, "--yes", "--wait", std::to_string(plan_.others.count())},
                plan_.watch);

            return "back to migration " + to;
        });
    }

    /// One that a restore replaces what it is of is never the latest.
    std::string back_up() const {
        if (!plan_.restore) return "made " + command({"backup", "create"});
        auto text = ourselves({"backup", "create", "--before-restore"}, plan_.watch);
        return "made " + text.substr(0, text.find('\n'));
    }

    std::string ourselves(std::vector<std::string> words, const std::function<void()>& watch) const {
        return around_.output_of("/proc/self/exe", std::move(words), watch);
    }

    /// Names of those that restores have put aside.
    std::set<std::string> former_databases() const {
        std::set<std::string> names;
        std::istringstream lines(ourselves({"backup", "restore", "--purge", "--dry-run"}, [] {}));
        for (std::string line; std::getline(lines, line);) names.insert(line);
        return names;
    }

    /// Of the moment before a migration took away what the release needs.
    void bring_database_back() {
        step("rest", [this]() {
            control_.ask("rest");
            return std::string("nothing serves; who asks now is answered by ") + plan_.release.about.name();
        });
        step("restore", [this]() {
            former_ = former_databases();
            note_going_back(plan_.data,
                            {plan_.release.about.name(), plan_.restore->migration, process::own_name()});
            std::vector<std::string> words = {"backup", "restore", "--yes", "--json", "--no-safety"};
            const auto& to = plan_.restore->to;
            words.insert(words.end(), to.words.begin(), to.words.end());
            const auto told = parse_json(around_.output_of(program(), words, plan_.watch));
            const auto former =
                told && told->is_object() ? text_member(told->get_object(), "formerDatabase") : std::string();
            return fmt::format("back to {} by {}; the database of before is kept as {}",
                               to_rfc3339(to.moment), to.by, former);
        });
    }

    /// As it was, with the secret that opens what is sealed in it.
    std::string put_database_back() {
        if (!is_replaced(around_, plan_.restore->migration)) return "it was not replaced";
        for (const auto& name : former_databases()) {
            if (former_->contains(name)) continue;
            const auto aside = ourselves({"backup", "restore", "--put-back", name, "--yes"}, [] {});
            return fmt::format("{} is back in its place; what was brought back is kept as {}", name,
                               aside.substr(0, aside.find('\n')));
        }
        throw std::runtime_error("the database of before is not there");
    }

    std::filesystem::path program() const { return plan_.release.folder / "brainbytes"; }

    /// The last line of what a command of the new release prints.
    std::string command(std::vector<std::string> words) const {
        auto text = around_.output_of(program(), std::move(words), plan_.watch);
        while (!text.empty() && text.back() == '\n') text.pop_back();
        return text.substr(text.rfind('\n') + 1);
    }

    std::string serving() const {
        const auto status = control_.ask("status");
        const auto* serving = status.if_contains("serving");
        if (!serving || !serving->is_object()) return "nothing";
        return std::string(serving->get_object().at("release").as_string());
    }

    std::string start() {
        const auto started = control_.ask("start", "release", plan_.release.about.name());
        address_ = std::string(started.at("address").as_string());
        return fmt::format("process {} is ready at {}", started.at("process").as_int64(), address_);
    }

    std::string switch_over() {
        const auto status = control_.ask("status");
        if (const auto& serving = status.at("serving"); serving.is_object())
            before_ = traffic_at(std::string(serving.get_object().at("address").as_string()));
        at_switch_ = traffic_at(address_);
        const auto started = steady_clock::now();
        control_.ask("switch", "drain", std::to_string(plan_.drain.count()));
        return fmt::format("everybody gets {} after {:.1f} ms", plan_.release.about.name(),
                           std::chrono::duration<double, std::milli>(steady_clock::now() - started).count());
    }

    static Traffic traffic_at(const std::string& address) {
        client::Outgoing request("GET", "http://" + address + "/api/metrics");
        request.max_bytes = 16 << 20;
        const auto reply = client::exchange(std::move(request));
        if (reply.status != 200)
            throw std::runtime_error(
                fmt::format("The metrics at {} are answered with {}.", address, reply.status));
        return read_traffic(reply.body);
    }

    std::string bake() {
        Traffic seen;
        for (const auto end = steady_clock::now() + plan_.bake;;) {
            plan_.watch();
            const auto status = control_.ask("status");
            if (!status.at("trial").as_bool())
                throw std::runtime_error(status.at("crashed").is_string()
                                             ? std::string(status.at("crashed").as_string())
                                             : "it does not run any more");
            seen = traffic_at(address_) - at_switch_;
            if (const auto why = judge(seen, before_, plan_.limits)) throw std::runtime_error(*why);
            if (steady_clock::now() >= end) break;
            std::this_thread::sleep_for(
                std::min<steady_clock::duration>(look_every, end - steady_clock::now()));
        }
        return fmt::format("{:.0f} requests in {} s, {:.0f} failed", seen.requests, plan_.bake.count(),
                           seen.failed);
    }

    const DeployPlan& plan_;
    const std::string id_ = Uuid::make().text();
    Control control_;
    const Surroundings around_;
    Ledger ledger_;
    std::string address_;
    Traffic before_, at_switch_;
    bool putting_back_ = false;
    std::optional<std::set<std::string>>
        former_;                        // databases that were put aside before; once it may replace
    std::optional<int> schema_before_;  // known once nothing serves, so that it can be taken back
};

}  // namespace

Outcome deploy(const DeployPlan& plan) {
    return Deployment(plan).run();
}

}  // namespace bb::deploy
