#include "operations/deploy/deployment.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/client/exchange.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/uuid.hpp"
#include "base/db/servers.hpp"
#include "operations/deploy/control.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/deploy/smoke_test.hpp"

namespace bb::deploy {
namespace {

/// The program that knows every migration of the database.
std::filesystem::path newest_program(const std::filesystem::path& data) {
    const auto current = release::KeptReleases(data / "releases").current();
    return current ? current->folder / "brainbytes" : std::filesystem::path("/proc/self/exe");
}

using std::chrono::steady_clock;

constexpr std::chrono::seconds look_every{1};

/// What "db status" tells. It fails where a migration stands against this very program, and tells all the
/// same.
boost::json::object migrations_of(const Surroundings& around) {
    const auto status = parse_json(around.output_of(
        "/proc/self/exe", {"db", "status", "--json"}, [] {}, true));
    if (!status || !status->is_object())
        throw std::runtime_error("The migrations of the database cannot be read.");
    return status->get_object();
}

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
        if (plan_.back_up) step("backup", [this]() { return "made " + command({"backup", "create"}); });
        if (plan_.migrate)
            step("migrate", [this]() { return command({"db", "migrate", "--phase", "expand"}); });
        if (plan_.schema) take_schema_back();
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
    std::optional<int> schema_before_;  // known once nothing serves, so that it can be taken back
};

}  // namespace

std::string SchemaGap::text(const std::string& release) const {
    return fmt::format(
        "{0} knows the schema up to {1}, and migration {2} has taken something away that it needs. It runs "
        "after "
        "\"brainbytes db rollback --to {1}\", which says what that loses; the schema is {3} minutes old. "
        "\"brainbytes rollback --to {0} --accept-data-loss {3}\" does both.",
        release, to, migration, minutes);
}

std::optional<SchemaGap> schema_gap(const std::filesystem::path& data, const release::About& about) {
    const Control control(data);
    const auto status = migrations_of(surroundings_of(control));
    std::optional<SchemaGap> gap;
    Time first = now();
    for (const auto& one : status.at("migrations").as_array()) {
        const auto& migration = one.as_object();
        const auto number = static_cast<int>(migration.at("number").as_int64());
        if (migration.at("appliedAt").is_null() || number <= about.schema_max) continue;
        const auto applied = parse_rfc3339(std::string(migration.at("appliedAt").as_string()));
        first = std::min(first, applied.value_or(first));
        if (!gap && migration.at("phase").as_string() == "contract")
            gap = SchemaGap{number, about.schema_max, applied.value_or(now())};
    }
    if (gap) gap->minutes = std::chrono::ceil<std::chrono::minutes>(now() - first).count();
    return gap;
}

bool is_resting(const std::filesystem::path& data) {
    try {
        return Control(data).ask("status").at("resting").as_bool();
    } catch (const std::exception&) {
        return false;
    }
}

namespace {

/// Those servers in what "db rollback --dry-run" tells that the supervisor has not started.
std::vector<std::string> elsewhere(const Control& control, const boost::json::object& told) {
    std::vector<std::string> found;
    const auto* servers = told.if_contains("servers");
    if (!servers) return found;  // a release before told none
    std::set<std::string> own;
    const auto status = control.ask("status");
    for (const auto& process : status.at("processes").as_array())
        own.insert(std::to_string(process.as_int64()));
    for (const auto& one : servers->as_array()) {
        const auto text = [&one](const char* name) {
            return std::string(one.as_object().at(name).as_string());
        };
        const db::ConnectedServer server{text("process"), text("host"), text("from")};
        if (server.host != db::server_host() || !own.contains(server.process)) found.push_back(server.text());
    }
    return found;
}

}  // namespace

WayBack way_back(const std::filesystem::path& data, int to) {
    const Control control(data);
    WayBack way;
    way.losses = surroundings_of(control).output_of(
        newest_program(data), {"db", "rollback", "--to", std::to_string(to), "--dry-run", "--json"}, [] {});
    const auto told = parse_json(way.losses);
    if (!told || !told->is_object()) throw std::runtime_error("What is lost cannot be read: " + way.losses);
    for (const auto& one : told->at("rolledBack").as_array()) {
        const auto* migration = one.if_object();
        const auto* gone =
            migration ? migration->if_contains("gone") : nullptr;  // a release before told none
        if (!gone) continue;
        for (const auto& what : gone->as_array()) way.gone.emplace_back(what.as_string());
    }
    way.elsewhere = elsewhere(control, told->get_object());
    return way;
}

Outcome deploy(const DeployPlan& plan) {
    return Deployment(plan).run();
}

}  // namespace bb::deploy
