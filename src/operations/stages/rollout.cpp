#include "operations/stages/rollout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <mutex>
#include <set>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "operations/stages/bare_host.hpp"
#include "operations/stages/change_words.hpp"
#include "operations/stages/delivery.hpp"
#include "operations/stages/host.hpp"
#include "operations/stages/journal.hpp"

namespace bb::stages {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::hours longest_change{25};

/// One change of a stage.
class Rollout {
public:
    Rollout(const RolloutPlan& plan, const char* what)
        : plan_(plan),
          stage_(plan.stage),
          broken_off_(deploy::broken_off(plan.ledger.read())),
          journal_(plan, what) {}

    RolloutOutcome bring() {
        whole([this]() {
            step("check", [this]() { return check(); });
            step("lock", [this]() { return lock(); });
            if (stage_.hooks.contains("before-deploy"))
                step("before-deploy", [this]() { return hook_of_deploy("before"); });
            step("install", [this]() { return install(); });
            step_ = "host";
            for (const auto& one : before_)
                if (has_it(one)) mark_changed(one.host);
            for (std::size_t from = 0; from < stage_.hosts.size(); from += batch()) change(batch_at(from));
            if (plan_.verify) step("verify", plan_.verify);
        });
        if (outcome_.kept) afterwards();
        return end();
    }

    RolloutOutcome back() {
        whole([this]() {
            step("lock", [this]() { return lock_all(); });
            step_ = "check";
            if (journal_.release.empty()) journal_.release = common_way_back(before_, broken_off_);
            if (plan_.back_up && plan_.accepted_minutes >= 0)
                if (const auto words = backup_of_what_goes(); !words.empty())
                    step("backup", [&]() { return back_up(words); });
            step_ = "rollback";
            journal_.hook("before", "rollback");
            restore_options_of_what_was_broken_off();
            at_once(stage_.hosts, [this](const std::string& host) {
                if (plan_.release.empty() && before(host).kept == release())
                    return journal_.note(host, "rollback", "done", 0, release() + " is there; it stays");
                mark_changed(host);
                back_at(host, release(), journal_.hooks_for(host));
            });
            journal_.hook("after", "rollback");
        });
        return end();
    }

private:
    const std::string& release() const { return journal_.release; }

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

    std::string hook_of_deploy(const char* side) {
        journal_.hook(side, "deploy");
        return {};
    }

    RolloutOutcome end() {
        outcome_.deployment = journal_.id();
        outcome_.release = release();
        outcome_.seconds = since(started_);
        if (locked_ && plan_.lock.empty()) unlock();
        journal_.end(outcome_.kept, outcome_.reason);
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

    void step(const std::string& name, const std::function<std::string()>& work) {
        step_ = name;
        journal_.step({}, name, work);
    }

    std::string check() {
        if (stage_.hosts.empty()) throw std::runtime_error("The stage has no hosts.");
        before_ = look_at(stage_);
        std::string faults;
        for (const auto& one : before_) {
            auto fault = needs_all(one) ? std::string() : one.fault;
            if (needs_all(one) && plan_.trusted.empty())
                fault = one.host + ": has no BrainBytes; name the key that it shall trust with --trust FILE";
            if (one.trial && is_left_behind(one)) fault.clear();  // is waited for under the lock
            if (fault.empty() && !needs_all(one)) fault = missing_secrets(stage_, one.host);
            if (!fault.empty()) faults += (faults.empty() ? "" : "; ") + fault;
        }
        if (!faults.empty()) throw std::runtime_error(faults);
        const auto has = [this](const auto& one) {
            return one.kept == release();
        };
        const bool mixed = std::any_of(before_.begin(), before_.end(), has) &&
                           !std::all_of(before_.begin(), before_.end(), has);
        resumes_ = mixed || broken_off_ == release();
        return fmt::format("{} hosts answer{}", stage_.hosts.size(),
                           resumes_ ? "; what was broken off is gone on with" : "");
    }

    /// What was broken off has come as far as this host.
    bool has_it(const HostState& one) const {
        return resumes_ && one.kept == release() && one.serving == release();
    }

    /// What a host goes back to.
    const std::string& had(const HostState& one) const { return has_it(one) ? one.before : one.kept; }

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
    HostState lock_one(const std::string& name, const std::string& reason) {
        if (plan_.lock.empty())
            return lock_host(stage_, name, lock_, reason,
                             [&](const std::string& words) { journal_.tell(name, words); });
        auto state = look_at_host(stage_, name);
        must_be_well({state});
        return state;
    }

    std::string lock() {
        locked_ = true;  // also when one of them refuses
        at_once(known_hosts(), [this](const std::string& name) {
            const auto now = lock_one(name, "a deployment of " + release());
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
        const auto started = steady_clock::now();
        journal_.begin({}, "unlock");
        journal_.try_hook("before", "unlock");
        try {
            at_once(known_hosts(), [this](const std::string& host) {
                Host(stage_, host).brainbytes({"deploy", "unlock", "--id", lock_, "--by-deployment"}, {});
            });
            journal_.note({}, "unlock", "done", since(started),
                          fmt::format("{} hosts", known_hosts().size()));
        } catch (const std::exception& fault) {
            journal_.note({}, "unlock", "failed", since(started), fault.what());
        }
        journal_.try_hook("after", "unlock");
    }

    std::string install() {
        at_once(stage_.hosts, [this](const std::string& host) { bring_at(host); });
        return fmt::format("{} is on {} hosts", release(), stage_.hosts.size());
    }

    void install_at(const std::string& name) {
        const Host host(stage_, name);
        if (needs_all(before(name))) {
            make_ready(stage_, host, plan_.archive, plan_.trusted);
            if (const auto fault = missing_secrets(stage_, name); !fault.empty())
                throw std::runtime_error(fault + "; it is ready for them now");
        }
        if (!plan_.trusted.empty()) bring_key(stage_, host, plan_.trusted);
        if (!has_release(host, release(), plan_.archive)) {
            if (plan_.archive.empty())
                throw std::runtime_error(fmt::format("{}: keeps no release {}", name, release()));
            bring_archive(host, plan_.archive, plan_.older);
        }
        write_contacts(stage_, host);
        const auto written = write_environment(stage_, host, release(), resumes_);
        const std::lock_guard alone(mutex_);
        if (written != Written::nothing) written_.push_back(name);
        if (written == Written::other) options_changed_.insert(name);
    }

    void bring_at(const std::string& name) {
        const auto started = steady_clock::now();
        journal_.begin(name, "install");
        install_at(name);
        journal_.note(name, "install", "done", since(started), release());
    }

    void change(const std::vector<std::string>& hosts) {
        at_once(hosts, [this](const std::string& host) {
            journal_.step(host, "host", [&]() { return change_at(host); });
        });
    }

    std::string change_at(const std::string& name) {
        if (has_it(before(name)) && !options_changed_.contains(name)) return journal_.served_already(name);
        mark_changed(name);
        std::string last;
        Host::How how{.limit = longest_change, .attended = true, .may_fail = true};
        how.say = [&](std::string_view line) {
            last = line;
            journal_.tell(name, line);
        };
        auto words = words_to_change(plan_, release(), name, lock_);
        const auto hooks = journal_.hooks_for(name);
        words.insert(words.end(), hooks.begin(), hooks.end());
        const auto parsed = parse_json(Host(stage_, name).brainbytes(words, how));
        if (!parsed || !parsed->is_object())
            throw std::runtime_error(fmt::format("{}: the deployment broke off: {}", name, last));
        const auto& object = parsed->get_object();
        if (!object.at("kept").as_bool())
            throw std::runtime_error(fmt::format("{}: {} failed: {}", name,
                                                 object.at("failedStep").as_string().c_str(),
                                                 object.at("reason").as_string().c_str()));
        return fmt::format("{} serves after {:.1f} s, watched for {} s", release(),
                           object.at("seconds").to_number<double>(), stage_.bake.count());
    }

    void mark_changed(const std::string& name) {
        const std::lock_guard alone(mutex_);
        if (std::find(changed_.begin(), changed_.end(), name) == changed_.end()) changed_.push_back(name);
    }

    /// A release that serves and is well is not undone because of what comes after it: that is told.
    void afterwards() {
        const auto try_to = [this](const char* what, const std::function<std::string()>& work) {
            try {
                journal_.step({}, what, work);
            } catch (const std::exception&) {  // it is noted
            }
        };
        try_to("prune", [this]() {
            at_once(stage_.hosts, [this](const std::string& host) {
                Host(stage_, host)
                    .brainbytes({"release", "prune", "--keep", std::to_string(stage_.keep)}, {});
            });
            return fmt::format("{} releases stay", stage_.keep);
        });
        if (stage_.hooks.contains("after-deploy"))
            try_to("after-deploy", [this]() { return hook_of_deploy("after"); });
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
            const auto& to = had(before(*host));
            journal_.begin(*host, "put back");
            journal_.try_hook("before", "put back", *host);
            try {
                if (to.empty() || to == "program")
                    throw std::runtime_error("there was no release before this one");
                if (settled_host(stage_, *host).serving != to) back_at(*host, to, {});
                if (const auto now = settled_host(stage_, *host); now.serving != to || now.kept != to)
                    throw std::runtime_error(
                        fmt::format("{} serves", now.serving.empty() ? "nothing" : now.serving));
                journal_.note(*host, "put back", "done", since(started), to + " serves");
            } catch (const std::exception& fault) {
                journal_.note(*host, "put back", "failed", since(started), fault.what());
                outcome_.reason += fmt::format("; {} could not be put back", *host);
            }
            journal_.try_hook("after", "put back", *host);
        }
    }

    /// Options that it has written are not of what is gone back to.
    void restore_options_of_what_was_broken_off() {
        auto left = broken_off_;
        for (const auto& one : before_)
            if (left.empty() && one.kept != release() && plan_.release.empty() && is_mixed(before_))
                left = one.kept;
        if (left.empty()) return;
        at_once(stage_.hosts,
                [&](const std::string& host) { restore_environment(stage_, Host(stage_, host), left); });
    }

    /// The command that makes one backup for all of them, before any lets its server end; none where it is
    /// about the code alone. Throws where the first host says that it cannot go back.
    std::vector<std::string> backup_of_what_goes() const {
        const auto goes = std::find_if(before_.begin(), before_.end(),
                                       [this](const auto& one) { return one.kept != release(); });
        const auto steps =
            Host(stage_, goes == before_.end() ? stage_.hosts.front() : goes->host)
                .brainbytes(words_to_go_back(plan_, release(), {"--lock", lock_, "--dry-run"}), {});
        if (steps.find("\nrestore\t") != std::string::npos) return {"backup", "create", "--before-restore"};
        if (steps.find("\nschema\t") != std::string::npos) return {"backup", "create"};
        return {};
    }

    std::string back_up(const std::vector<std::string>& words) const {
        const auto& first = stage_.hosts.front();
        journal_.hook_at(first, "before-backup");
        Host(stage_, first).brainbytes(words, {.limit = longest_change});
        journal_.hook_at(first, "after-backup");
        return "made on " + first;
    }

    void back_at(const std::string& name, const std::string& to, std::vector<std::string> words) {
        const auto started = steady_clock::now();
        journal_.begin(name, "rollback");
        words.insert(words.end(), {"--lock", lock_, "--attended"});
        Host(stage_, name)
            .brainbytes(words_to_go_back(plan_, to, words),
                        {.limit = longest_change, .attended = true, .say = [&](std::string_view line) {
                             journal_.tell(name, line);
                         }});
        journal_.note(name, "rollback", "done", since(started), to);
    }

    const RolloutPlan& plan_;
    const Stage& stage_;
    const std::string broken_off_;  // release; before this change begins
    Journal journal_;
    const std::string lock_ = plan_.lock.empty() ? new_lock_id() : plan_.lock;
    const steady_clock::time_point started_ = steady_clock::now();
    RolloutOutcome outcome_;
    std::string step_;
    bool locked_ = false;
    bool resumes_ = false;
    std::mutex mutex_;                  // of what follows
    std::vector<HostState> before_;     // written while no other thread runs
    std::vector<std::string> written_;  // hosts that were given the options of the stage
    std::vector<std::string> changed_;  // hosts that may serve another release
    std::set<std::string> options_changed_;
};

}  // namespace

RolloutOutcome roll_out(const RolloutPlan& plan) {
    return Rollout(plan, "deploy").bring();
}

RolloutOutcome roll_back(const RolloutPlan& plan) {
    return Rollout(plan, "rollback").back();
}

}  // namespace bb::stages
