#include "operations/stages/aws_rollout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "operations/stages/aws_lock.hpp"
#include "operations/stages/aws_schema.hpp"
#include "operations/stages/aws_service.hpp"
#include "operations/stages/hosts.hpp"
#include "operations/stages/journal.hpp"

namespace bb::stages {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::hours span_before{1};  // of what the new release is compared with
constexpr std::chrono::seconds look_at_balancer_every{15};
constexpr std::chrono::minutes longest_own_hold{24 * 60};

/// What this ledger knows to serve.
deploy::LedgerEntry newest_kept(const std::vector<deploy::LedgerEntry>& entries) {
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
        if (entry->step == "keep" && entry->result == "done") return *entry;
    return {};
}

/// To what it is gone back: the plan's, or what served before.
std::string way_back_of(const RolloutPlan& plan, const std::string& serves) {
    if (!plan.release.empty()) return plan.release;
    const auto entries = plan.ledger.read();
    const auto now = newest_kept(entries);
    auto to = deploy::release_before(entries, now.release);
    if (to.empty())
        throw std::runtime_error(
            "No release was in service before this one, as far as is known here: name a tag with --to.");
    if (serves != now.detail)
        throw std::runtime_error(fmt::format(
            "{} serves, which was not brought from here: name the tag to go back to with --to.", serves));
    return to;
}

/// One change of a stage on AWS.
class AwsRollout {
public:
    AwsRollout(const RolloutPlan& plan, const char* what)
        : plan_(plan), stage_(plan.stage), service_(plan.stage), lock_(plan.stage), journal_(plan, what) {}

    RolloutOutcome bring() {
        whole([this]() {
            step("check", [this]() { return check(); });
            step("lock", [this]() { return lock("a deployment of " + release()); });
            journal_.hook("before", "deploy");
            step("install", [this]() { return definition_ = service_.install(release()); });
            if (plan_.back_up) step("backup", [this]() { return back_up(); });
            step("migrate", [this]() {
                return last_line(service_.run(definition_, {"db", "migrate", "--phase", "expand"}));
            });
            step("smoke test", [this]() { return smoke_test(); });
            step("switch", [this]() { return change(); });
            if (stage_.bake.count() > 0) step("bake", [this]() { return bake(); });
            if (plan_.verify) step("verify", plan_.verify);
            step("keep", [this]() { return keep(); });
        });
        if (outcome_.kept) note_in_audit_log("deployed by ");
        if (outcome_.kept) journal_.try_hook("after", "deploy");
        return end();
    }

    RolloutOutcome back() {
        whole([this]() {
            step("lock", [this]() { return lock("a rollback"); });
            step("check", [this]() {
                former_ = service_.serving().definition;
                journal_.release = way_back_of(plan_, former_);
                return fmt::format("{} goes to {}", former_, release());
            });
            step("install", [this]() { return definition_ = service_.install(release()); });
            step("schema", [this]() { return fit_schema(); });
            step("rollback", [this]() { return change(); });
            step("keep", [this]() { return keep(); });
        });
        if (outcome_.kept) note_in_audit_log("gone back to by ");
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
            if (changed_) put_back();
        }
    }

    void step(const std::string& name, const std::function<std::string()>& work) {
        step_ = name;
        journal_.step({}, name, work);
    }

    RolloutOutcome end() {
        outcome_.deployment = journal_.id();
        outcome_.release = release();
        outcome_.seconds = since(started_);
        if (locked_) unlock();
        journal_.end(outcome_.kept, outcome_.reason);
        return std::move(outcome_);
    }

    /// Also that it can be watched: afterwards would be too late to find that out.
    std::string check() {
        const auto now = service_.serving();
        former_ = now.definition;
        if (stage_.bake.count() > 0) before_ = service_.traffic(bb::now() - span_before, bb::now());
        return fmt::format("{} serves{}", former_, now.release.empty() ? "" : " (" + now.release + ")");
    }

    std::string lock(const std::string& reason) {
        if (!plan_.lock.empty()) {
            const auto hold = lock_.held();
            if (hold && hold->id != plan_.lock) throw std::runtime_error(deploy::to_text(*hold));
            return "held by " + plan_.lock;
        }
        lock_.take({id_, deploy::who_we_are(), reason, bb::now() + longest_own_hold},
                   [this](std::string_view words) { journal_.tell({}, words); });
        locked_ = true;
        if (!former_.empty() && service_.serving().definition != former_)
            throw std::runtime_error("something else serves meanwhile");
        return "nobody else changes the release";
    }

    void unlock() {
        try {
            step("unlock", [this]() {
                lock_.give_up(id_);
                return std::string("others may change the release");
            });
        } catch (const std::exception&) {  // it is noted
        }
    }

    /// By the program that serves: the new one may need a schema that is not there yet.
    std::string back_up() const { return "made " + last_line(service_.run(former_, {"backup", "create"})); }

    std::string smoke_test() {
        const auto told = service_.ask(definition_, {"release", "try"}, "schemaMax");
        journal_.schema_min = told.at("schemaMin").to_number<int>();
        journal_.schema_max = told.at("schemaMax").to_number<int>();
        return fmt::format("{}; it knows the schema up to {}", told.at("detail").as_string().c_str(),
                           journal_.schema_max);
    }

    std::string change() {
        changed_ = true;
        service_.change_to(definition_);
        return definition_ + " serves";
    }

    std::string bake() {
        const auto from = bb::now();
        deploy::Traffic seen;
        for (const auto end = steady_clock::now() + stage_.bake;;) {
            if (const auto serves = service_.serving().definition; serves != definition_)
                throw std::runtime_error(serves + " serves: it was taken back");
            seen = service_.traffic(from, bb::now());
            if (const auto why = deploy::judge(seen, before_, stage_.limits)) throw std::runtime_error(*why);
            if (steady_clock::now() >= end) break;
            std::this_thread::sleep_for(
                std::min<steady_clock::duration>(look_at_balancer_every, end - steady_clock::now()));
        }
        return fmt::format("{:.0f} requests at the balancer, {:.0f} failed, watched for {} s", seen.requests,
                           seen.failed, stage_.bake.count());
    }

    std::string fit_schema() {
        const auto range = schema_of_image(plan_.ledger, service_, release(), definition_);
        journal_.schema_min = range.least;
        journal_.schema_max = range.newest;
        return fit_on_aws(service_, former_, release(), range.newest, plan_.accepted_minutes >= 0);
    }

    std::string keep() {
        auto serves = service_.serving().definition;
        if (serves != definition_) throw std::runtime_error(serves + " serves: it was taken back");
        return serves;
    }

    /// What serves is not undone because of it: that it is not there is told.
    void note_in_audit_log(const std::string& what) {
        auto text = what + deploy::who_we_are();
        for (const auto& one : plan_.waived) text += "; waived: " + one;
        try {
            service_.run(definition_, {"audit", "note", text, "--about", release()});
        } catch (const std::exception& fault) {
            journal_.tell({}, fmt::format("It is not in the audit log: {}", fault.what()));
        }
    }

    /// Where ECS has done so already, that is told.
    void put_back() {
        try {
            journal_.step({}, "put back", [this]() {
                if (service_.serving().definition == former_) return former_ + " serves, as ECS went back";
                service_.change_to(former_);
                return former_ + " serves again";
            });
            outcome_.reason += "; " + former_ + " serves again";
        } catch (const std::exception& fault) {
            outcome_.reason += fmt::format("; it could not be put back: {}", fault.what());
        }
    }

    static std::string last_line(const std::string& text) { return text.substr(text.rfind('\n') + 1); }

    const RolloutPlan& plan_;
    const Stage& stage_;
    const AwsService service_;
    const AwsLock lock_;
    Journal journal_;
    const std::string id_ = new_lock_id();
    const steady_clock::time_point started_ = steady_clock::now();
    RolloutOutcome outcome_;
    std::string step_, former_, definition_;
    deploy::Traffic before_;
    bool locked_ = false;
    bool changed_ = false;
};

}  // namespace

RolloutOutcome roll_out_on_aws(const RolloutPlan& plan) {
    return AwsRollout(plan, "deploy").bring();
}

RolloutOutcome roll_back_on_aws(const RolloutPlan& plan) {
    return AwsRollout(plan, "rollback").back();
}

std::string what_stands_against_on_aws(const RolloutPlan& plan) {
    const AwsService service(plan.stage);
    if (const auto hold = AwsLock(plan.stage).held(); hold && hold->id != plan.lock)
        throw std::runtime_error(deploy::to_text(*hold));
    const auto serves = service.serving().definition;
    auto to = way_back_of(plan, serves);
    if (const auto range = schema_in_ledger(plan.ledger, to))
        plan.say({}, "schema", fit_on_aws(service, serves, to, range->newest, plan.accepted_minutes >= 0));
    else
        plan.say({}, "schema", "what this image knows is asked when it is gone back to");
    return to;
}

}  // namespace bb::stages
