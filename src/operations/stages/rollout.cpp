#include "operations/stages/rollout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/core/json_reader.hpp"
#include "base/core/uuid.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/stages/bare_host.hpp"
#include "operations/stages/change_words.hpp"
#include "operations/stages/delivery.hpp"
#include "operations/stages/host.hpp"

namespace bb::stages {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::hours longest_change{25};
constexpr std::chrono::minutes longest_hook{30};
constexpr std::chrono::seconds longest_settling{60};

double since(steady_clock::time_point start) {
    return std::chrono::duration<double>(steady_clock::now() - start).count();
}

/// One change of a stage.
class Rollout {
public:
    explicit Rollout(const RolloutPlan& plan) : plan_(plan), stage_(plan.stage) {
        outcome_.deployment = id_;
        outcome_.release = plan.release;
    }

    RolloutOutcome bring() {
        whole([this]() {
            step({}, "check", [this]() { return check(); });
            step({}, "lock", [this]() { return lock(); });
            if (stage_.hooks.contains("before-deploy"))
                step({}, "before-deploy", [this]() { return hook("before-deploy"); });
            step({}, "install", [this]() { return install(); });
            step_ = "host";
            for (std::size_t from = 0; from < stage_.hosts.size(); from += batch()) change(batch_at(from));
            if (plan_.verify) step({}, "verify", plan_.verify);
        });
        if (outcome_.kept) afterwards();
        return end();
    }

    RolloutOutcome back() {
        whole([this]() {
            step({}, "lock", [this]() { return lock_all(); });
            step_ = "check";
            if (outcome_.release.empty()) outcome_.release = common_way_back(before_);
            if (plan_.back_up && plan_.accepted_minutes >= 0 && takes_schema_back())
                step({}, "backup", [this]() { return back_up(); });
            step({}, "rollback", [this]() {
                at_once(stage_.hosts, [this](const std::string& host) {
                    mark_changed(host);
                    back_at(host, outcome_.release);
                });
                return fmt::format("{} hosts", stage_.hosts.size());
            });
        });
        return end();
    }

private:
    void whole(const std::function<void()>& work) {
        try {
            work();
            outcome_.kept = true;
        } catch (const std::exception& fault) {
            outcome_.step = step_;
            outcome_.reason = fault.what();
            restore_environments();
            put_back();
        }
    }

    RolloutOutcome end() {
        outcome_.seconds = since(started_);
        if (locked_ && plan_.lock.empty()) unlock();
        return std::move(outcome_);
    }

    std::size_t batch() const { return static_cast<std::size_t>(stage_.batch); }

    std::vector<std::string> batch_at(std::size_t from) const {
        const auto end = std::min(from + batch(), stage_.hosts.size());
        return {stage_.hosts.begin() + static_cast<std::ptrdiff_t>(from),
                stage_.hosts.begin() + static_cast<std::ptrdiff_t>(end)};
    }

    const HostState& before(const std::string& name) const {
        return *std::find_if(before_.begin(), before_.end(),
                             [&](const auto& one) { return one.host == name; });
    }

    /// A step of the whole stage, or of one host, with the hooks around it.
    void step(const std::string& host, const std::string& name, const std::function<std::string()>& work) {
        const auto started = steady_clock::now();
        if (host.empty()) step_ = name;
        std::string detail;
        try {
            hook("before-" + name, host);
            detail = work();
            hook("after-" + name, host);
        } catch (const std::exception& fault) {
            note(host, name, "failed", since(started), fault.what());
            throw;
        }
        note(host, name, "done", since(started), detail);
    }

    void note(const std::string& host, const std::string& name, const std::string& result, double seconds,
              const std::string& detail) {
        const std::lock_guard alone(mutex_);
        plan_.say(host, result == "failed" ? name + " FAILED" : name, detail);
        const auto where = host.empty() ? detail : host + ": " + detail;
        plan_.ledger.add({.deployment = id_,
                          .release = outcome_.release,
                          .step = name,
                          .result = result,
                          .seconds = seconds,
                          .detail = where});
    }

    std::string hook(const std::string& name, const std::string& host = {}) {
        const auto found = stage_.hooks.find(name);
        if (found == stage_.hooks.end()) return {};
        const auto deadline = steady_clock::now() + longest_hook;
        return safety::output_of(
            {"/bin/sh", "-c", found->second},
            {"BRAINBYTES_STAGE=" + stage_.name, "BRAINBYTES_RELEASE=" + outcome_.release,
             "BRAINBYTES_HOST=" + host, "BRAINBYTES_DEPLOYMENT=" + id_},
            [&]() {
                if (steady_clock::now() > deadline)
                    throw std::runtime_error(fmt::format("the hook {} does not end", name));
            },
            std::filesystem::current_path());
    }

    std::string check() {
        if (stage_.hosts.empty()) throw std::runtime_error("The stage has no hosts.");
        before_ = look_at(stage_);
        std::string faults;
        for (const auto& one : before_) {
            auto fault = needs_all(one) ? std::string() : one.fault;
            if (needs_all(one) && plan_.trusted.empty())
                fault = one.host + ": has no BrainBytes; name the key that it shall trust with --trust FILE";
            if (fault.empty() && !needs_all(one)) fault = missing_secrets(stage_, one.host);
            if (!fault.empty()) faults += (faults.empty() ? "" : "; ") + fault;
        }
        if (!faults.empty()) throw std::runtime_error(faults);
        return fmt::format("{} hosts answer", stage_.hosts.size());
    }

    /// A first installation that was broken off is gone on with.
    bool needs_all(const HostState& one) const { return one.bare || (one.asleep && !plan_.trusted.empty()); }

    std::vector<std::string> known_hosts() const {
        if (before_.size() < stage_.hosts.size()) return stage_.hosts;  // some could not be looked at
        std::vector<std::string> hosts;
        for (const auto& one : before_)
            if (!needs_all(one)) hosts.push_back(one.host);
        return hosts;
    }

    /// Under a lock that somebody holds already it is looked at alone.
    HostState lock_one(const std::string& name, const std::string& reason) const {
        if (plan_.lock.empty()) return lock_host(stage_, name, lock_, reason);
        auto state = look_at_host(stage_, name);
        must_be_well({state});
        return state;
    }

    std::string lock() {
        locked_ = true;  // also when one of them refuses
        at_once(known_hosts(), [this](const std::string& name) {
            const auto now = lock_one(name, "a deployment of " + outcome_.release);
            if (now.kept != before(name).kept)
                throw std::runtime_error(fmt::format("{}: has {} meanwhile", name, now.kept));
        });
        return fmt::format("{} hosts", known_hosts().size());
    }

    /// Before anything is known of them: a rollback is in a hurry.
    std::string lock_all() {
        locked_ = true;
        at_once(stage_.hosts, [this](const std::string& name) {
            auto state = lock_one(name, "a rollback");
            const std::lock_guard alone(mutex_);
            before_.push_back(std::move(state));
        });
        return fmt::format("{} hosts", before_.size());
    }

    void unlock() {
        try {
            at_once(known_hosts(), [this](const std::string& host) {
                Host(stage_, host).brainbytes({"deploy", "unlock", "--id", lock_, "--by-deployment"}, {});
            });
        } catch (const std::exception& fault) {
            plan_.say({}, "unlock FAILED", fault.what());
        }
    }

    std::string install() {
        at_once(stage_.hosts, [this](const std::string& host) { install_at(host); });
        return fmt::format("{} is on {} hosts", outcome_.release, stage_.hosts.size());
    }

    void install_at(const std::string& name) {
        const auto started = steady_clock::now();
        const Host host(stage_, name);
        if (needs_all(before(name))) {
            make_ready(stage_, host, plan_.archive, plan_.trusted);
            if (const auto fault = missing_secrets(stage_, name); !fault.empty())
                throw std::runtime_error(fault + "; it is ready for them now");
        }
        if (!plan_.trusted.empty()) bring_key(stage_, host, plan_.trusted);
        if (!has_release(host, outcome_.release, plan_.archive)) {
            if (plan_.archive.empty())
                throw std::runtime_error(fmt::format("{}: keeps no release {}", name, outcome_.release));
            bring_archive(host, plan_.archive, plan_.older);
        }
        write_contacts(stage_, host);
        if (write_environment(stage_, host)) {
            const std::lock_guard alone(mutex_);
            written_.push_back(name);
        }
        note(name, "install", "done", since(started), outcome_.release);
    }

    void change(const std::vector<std::string>& hosts) {
        at_once(hosts,
                [this](const std::string& host) { step(host, "host", [&]() { return change_at(host); }); });
    }

    std::string change_at(const std::string& name) {
        mark_changed(name);
        std::string last;
        Host::How how{.limit = longest_change, .attended = true, .may_fail = true};
        how.say = [&](std::string_view line) {
            last = line;
            tell(name, line);
        };
        const auto parsed = parse_json(
            Host(stage_, name).brainbytes(words_to_change(plan_, outcome_.release, name, lock_), how));
        if (!parsed || !parsed->is_object())
            throw std::runtime_error(fmt::format("{}: the deployment broke off: {}", name, last));
        const auto& object = parsed->get_object();
        if (!object.at("kept").as_bool())
            throw std::runtime_error(fmt::format("{}: {} failed: {}", name,
                                                 object.at("failedStep").as_string().c_str(),
                                                 object.at("reason").as_string().c_str()));
        return fmt::format("{} serves after {:.1f} s, watched for {} s", outcome_.release,
                           object.at("seconds").to_number<double>(), stage_.bake.count());
    }

    void mark_changed(const std::string& name) {
        const std::lock_guard alone(mutex_);
        changed_.push_back(name);
    }

    void tell(const std::string& host, std::string_view line) {
        const std::lock_guard alone(mutex_);
        plan_.say(host, {}, line);
    }

    /// A release that serves and is well is not undone because of what comes after it: that is told.
    void afterwards() {
        const auto try_to = [this](const char* what, const std::function<void()>& work) {
            const auto started = steady_clock::now();
            try {
                work();
            } catch (const std::exception& fault) {
                note({}, what, "failed", since(started), fault.what());
            }
        };
        try_to("prune", [this]() {
            at_once(stage_.hosts, [this](const std::string& host) {
                Host(stage_, host)
                    .brainbytes({"release", "prune", "--keep", std::to_string(stage_.keep)}, {});
            });
        });
        try_to("after-deploy", [this]() { hook("after-deploy"); });
    }

    /// What goes back has to start with the options that it had.
    void restore_environments() {
        try {
            at_once(written_,
                    [this](const std::string& host) { restore_environment(stage_, Host(stage_, host)); });
        } catch (const std::exception& fault) {
            outcome_.reason += fmt::format("; the former options could not be put back: {}", fault.what());
        }
    }

    /// The hosts that were changed go back to what they had, and that is looked at.
    void put_back() {
        for (auto host = changed_.rbegin(); host != changed_.rend(); ++host) {
            const auto started = steady_clock::now();
            const auto& had = before(*host).kept;
            try {
                if (had.empty() || had == "program")
                    throw std::runtime_error("there was no release before this one");
                if (settled(*host).serving != had) back_at(*host, had);
                if (const auto now = settled(*host); now.serving != had || now.kept != had)
                    throw std::runtime_error(
                        fmt::format("{} serves", now.serving.empty() ? "nothing" : now.serving));
                note(*host, "put back", "done", since(started), had + " serves");
            } catch (const std::exception& fault) {
                note(*host, "put back", "failed", since(started), fault.what());
                outcome_.reason += fmt::format("; {} could not be put back", *host);
            }
        }
    }

    /// How a host stands once it can be reached and nothing is under way there any more.
    HostState settled(const std::string& name) const {
        for (const auto deadline = steady_clock::now() + longest_settling;;) {
            auto state = look_at_host(stage_, name);
            if (state.fault.empty()) return state;
            if (steady_clock::now() > deadline) throw std::runtime_error(state.fault);
            std::this_thread::sleep_for(std::chrono::milliseconds(500));
        }
    }

    /// Or whether it is about the code alone. Throws where the first host says that it cannot be.
    bool takes_schema_back() const {
        const auto steps =
            Host(stage_, stage_.hosts.front())
                .brainbytes(words_to_go_back(plan_, outcome_.release, {"--lock", lock_, "--dry-run"}), {});
        return steps.find("\nschema\t") != std::string::npos;
    }

    /// For all of them, before any lets its server end.
    std::string back_up() const {
        const auto& first = stage_.hosts.front();
        Host(stage_, first).brainbytes({"backup", "create"}, {.limit = longest_change});
        return "made on " + first;
    }

    void back_at(const std::string& name, const std::string& to) {
        const auto started = steady_clock::now();
        Host(stage_, name)
            .brainbytes(words_to_go_back(plan_, to, {"--lock", lock_, "--attended"}),
                        {.limit = longest_change, .attended = true, .say = [&](std::string_view line) {
                             tell(name, line);
                         }});
        note(name, "rollback", "done", since(started), to);
    }

    const RolloutPlan& plan_;
    const Stage& stage_;
    const std::string id_ = Uuid::make().text();
    const std::string lock_ = plan_.lock.empty() ? id_ : plan_.lock;
    const steady_clock::time_point started_ = steady_clock::now();
    RolloutOutcome outcome_;
    std::string step_;
    bool locked_ = false;
    std::mutex mutex_;                  // of what follows, of `say` and the ledger
    std::vector<HostState> before_;     // written while no other thread runs
    std::vector<std::string> written_;  // hosts that were given the options of the stage
    std::vector<std::string> changed_;  // hosts that may serve another release
};

}  // namespace

RolloutOutcome roll_out(const RolloutPlan& plan) {
    return Rollout(plan).bring();
}

RolloutOutcome roll_back(const RolloutPlan& plan) {
    return Rollout(plan).back();
}

std::string what_stands_against(const RolloutPlan& plan) {
    const auto states = look_at(plan.stage);
    must_be_well(states);
    const auto to = plan.release.empty() ? common_way_back(states) : plan.release;
    std::mutex mutex;
    at_once(plan.stage.hosts, [&](const std::string& name) {
        const Host::How how{.say = [&](std::string_view line) {
            const std::lock_guard alone(mutex);
            plan.say(name, {}, line);
        }};
        Host(plan.stage, name).brainbytes(words_to_go_back(plan, to, {"--dry-run"}), how);
    });
    return to;
}

}  // namespace bb::stages
