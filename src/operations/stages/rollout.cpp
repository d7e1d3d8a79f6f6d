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
#include "operations/stages/host.hpp"

namespace bb::stages {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::minutes longest_upload{30};
constexpr std::chrono::hours longest_change{25};
constexpr std::chrono::minutes longest_hook{30};

double since(steady_clock::time_point start) {
    return std::chrono::duration<double>(steady_clock::now() - start).count();
}

/// Does the same for several hosts at once; throws what the first of them threw.
void at_once(const std::vector<std::string>& hosts, const std::function<void(const std::string&)>& work) {
    std::mutex mutex;
    std::exception_ptr failed;
    std::vector<std::thread> threads;
    for (const auto& host : hosts)
        threads.emplace_back([&]() {
            try {
                work(host);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!failed) failed = std::current_exception();
            }
        });
    for (auto& one : threads) one.join();
    if (failed) std::rethrow_exception(failed);
}

HostState look_at_host(const Stage& stage, const std::string& name) {
    HostState state{name, {}, {}};
    try {
        const Host host(stage, name);
        const auto there = fmt::format("test -x {} && echo yes || echo no", shell_word(stage.program));
        if (host.shell(there, {}).starts_with("no")) return state;
        const auto status = parse_json(host.brainbytes({"deploy", "status"}, {}));
        if (!status || !status->is_object())
            throw std::runtime_error(name + ": \"deploy status\" cannot be read");
        const auto& object = status->get_object();
        state.kept = std::string(object.at("kept").as_string());
        if (object.at("trial").as_bool()) state.fault = name + ": another change of the release is under way";
    } catch (const std::exception& fault) {
        state.fault = fault.what();
    }
    return state;
}

/// One change of a stage.
class Rollout {
public:
    explicit Rollout(const RolloutPlan& plan) : plan_(plan), stage_(plan.stage) { outcome_.deployment = id_; }

    RolloutOutcome bring() {
        return whole([this]() {
            step({}, "check", [this]() { return check(); });
            lock();
            hook("before-deploy");
            step({}, "install", [this]() { return install(); });
            step_ = "host";
            for (std::size_t from = 0; from < stage_.hosts.size(); from += batch()) change(batch_at(from));
            if (plan_.verify) step({}, "verify", plan_.verify);
            tidy();
            hook("after-deploy");
        });
    }

    RolloutOutcome back(const std::string& to, bool dry_run) {
        return whole([&]() {
            outcome_.before = look_at(stage_);
            if (!dry_run) lock();
            step({}, "rollback", [&]() {
                at_once(stage_.hosts, [&](const std::string& host) { back_at(host, to, dry_run); });
                return fmt::format("{} hosts", stage_.hosts.size());
            });
        });
    }

private:
    RolloutOutcome whole(const std::function<void()>& work) {
        const auto started = steady_clock::now();
        try {
            work();
            outcome_.kept = true;
        } catch (const std::exception& fault) {
            outcome_.step = step_;
            outcome_.reason = fault.what();
            put_back();
        }
        unlock();
        outcome_.seconds = since(started);
        return std::move(outcome_);
    }

    std::size_t batch() const { return static_cast<std::size_t>(stage_.batch); }

    std::vector<std::string> batch_at(std::size_t from) const {
        const auto end = std::min(from + batch(), stage_.hosts.size());
        return {stage_.hosts.begin() + static_cast<std::ptrdiff_t>(from),
                stage_.hosts.begin() + static_cast<std::ptrdiff_t>(end)};
    }

    /// A step of the whole stage, with the hooks around it.
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
                          .release = plan_.release,
                          .step = name,
                          .result = result,
                          .seconds = seconds,
                          .detail = where});
    }

    void hook(const std::string& name, const std::string& host = {}) {
        const auto found = stage_.hooks.find(name);
        if (found == stage_.hooks.end()) return;
        const auto deadline = steady_clock::now() + longest_hook;
        safety::output_of(
            {"/bin/sh", "-c", found->second},
            {"BRAINBYTES_STAGE=" + stage_.name, "BRAINBYTES_RELEASE=" + plan_.release,
             "BRAINBYTES_HOST=" + host, "BRAINBYTES_DEPLOYMENT=" + id_},
            [&]() {
                if (steady_clock::now() > deadline)
                    throw std::runtime_error(fmt::format("the hook {} does not end", name));
            },
            std::filesystem::current_path());
    }

    std::string check() {
        if (stage_.hosts.empty()) throw std::runtime_error("The stage has no hosts.");
        outcome_.before = look_at(stage_);
        std::string faults;
        for (const auto& one : outcome_.before) {
            auto fault = one.fault;
            if (fault.empty() && one.kept.empty() && plan_.trusted.empty())
                fault = one.host + ": has no BrainBytes; name the key that it shall trust with --trust FILE";
            if (fault.empty() && !one.kept.empty()) fault = missing_secrets(one.host);
            if (!fault.empty()) faults += (faults.empty() ? "" : "; ") + fault;
        }
        if (!faults.empty()) throw std::runtime_error(faults);
        return fmt::format("{} hosts answer", stage_.hosts.size());
    }

    std::string missing_secrets(const std::string& host) const {
        if (stage_.secrets.empty()) return {};
        const auto shown = parse_json(Host(stage_, host).brainbytes({"config", "show", "--json"}, {}));
        const auto kept = Host(stage_, host).brainbytes({"secret", "list"}, {});
        std::string missing;
        for (const auto& name : stage_.secrets) {
            const auto& options = shown.value().at("options").as_array();
            const bool set = std::any_of(options.begin(), options.end(), [&](const auto& option) {
                return option.at("name").as_string() == name && option.at("set").as_bool();
            });
            if (!set && kept.find(name) == std::string::npos) missing += ' ' + name;
        }
        return missing.empty() ? missing : fmt::format("{}: lacks the secrets{}", host, missing);
    }

    void lock() {
        locked_ = true;  // also when one of them refuses
        at_once(known_hosts(), [&](const std::string& host) {
            Host(stage_, host)
                .brainbytes({"deploy", "lock", "--id", id_, "--owner", deploy::who_we_are(), "--reason",
                             "a deployment of " + plan_.release, "--minutes", "1440"},
                            {});
        });
    }

    void unlock() {
        if (!locked_) return;
        try {
            at_once(known_hosts(), [&](const std::string& host) {
                Host(stage_, host).brainbytes({"deploy", "unlock", "--id", id_}, {});
            });
        } catch (const std::exception& fault) {
            plan_.say({}, "unlock FAILED", fault.what());
        }
    }

    std::vector<std::string> known_hosts() const {
        std::vector<std::string> hosts;
        for (const auto& one : outcome_.before)
            if (!one.kept.empty()) hosts.push_back(one.host);
        return hosts;
    }

    std::string install() {
        at_once(stage_.hosts, [&](const std::string& host) { install_at(host); });
        return fmt::format("{} is on {} hosts", plan_.release, stage_.hosts.size());
    }

    void install_at(const std::string& name) {
        const auto started = steady_clock::now();
        const Host host(stage_, name);
        const auto before = std::find_if(outcome_.before.begin(), outcome_.before.end(),
                                         [&](const auto& one) { return one.host == name; });
        if (before->kept.empty()) make_ready(stage_, host, plan_.archive, plan_.trusted);
        write_environment(stage_, host);
        if (!plan_.archive.empty() && !has_release(host)) upload(host);
        note(name, "install", "done", since(started), plan_.release);
    }

    bool has_release(const Host& host) const {
        const auto list = host.brainbytes({"release", "list"}, {});
        return ("\n" + list).find("\n" + plan_.release + "\t") != std::string::npos;
    }

    /// The archive is sent once, and checked there with the keys that the host trusts.
    void upload(const Host& host) const {
        auto folder =
            host.shell("d=$(mktemp -d /tmp/brainbytes-XXXXXXXX) && chmod 755 \"$d\" && echo \"$d\"", {});
        while (!folder.empty() && folder.back() == '\n') folder.pop_back();
        const auto file = folder + "/" + plan_.archive.filename().string();
        try {
            for (const std::string suffix : {"", ".minisig"})
                host.shell("umask 022; cat > " + shell_word(file + suffix),
                           {.limit = longest_upload, .input = plan_.archive.string() + suffix});
            std::vector<std::string> words = {"release", "install", file};
            if (plan_.older) words.emplace_back("--older");
            host.brainbytes(std::move(words), {.limit = longest_upload});
        } catch (const std::exception&) {
            host.shell("rm -rf " + shell_word(folder), {});
            throw;
        }
        host.shell("rm -rf " + shell_word(folder), {});
    }

    void change(const std::vector<std::string>& hosts) {
        at_once(hosts,
                [&](const std::string& host) { step(host, "host", [&]() { return change_at(host); }); });
    }

    std::string change_at(const std::string& name) {
        const auto& limits = stage_.limits;
        std::vector<std::string> words = {"deploy", plan_.release, "--json", "--attended", "--lock", id_};
        if (!plan_.back_up || name != stage_.hosts.front()) words.emplace_back("--no-backup");
        const auto add = [&](const char* option, const auto& value) {
            words.insert(words.end(), {option, fmt::to_string(value)});
        };
        add("--bake", stage_.bake.count());
        add("--drain", stage_.drain.count());
        add("--failed-share", limits.failed_share);
        add("--refused-share", limits.refused_share);
        add("--slower-by", limits.slower_by);
        add("--least-requests", limits.least_requests);
        add("--least-timed", limits.least_timed);
        {
            const std::lock_guard alone(mutex_);
            changed_.push_back(name);
        }
        const auto answer = Host(stage_, name)
                                .brainbytes(std::move(words), {.limit = longest_change,
                                                               .attended = true,
                                                               .say =
                                                                   [&](std::string_view line) {
                                                                       const std::lock_guard alone(mutex_);
                                                                       plan_.say(name, {}, line);
                                                                   },
                                                               .may_fail = true});
        const auto parsed = parse_json(answer);
        if (!parsed || !parsed->is_object())
            throw std::runtime_error(name + ": the deployment broke off without a word");
        const auto& object = parsed->get_object();
        if (object.at("kept").as_bool())
            return fmt::format("{} serves after {:.1f} s", plan_.release,
                               object.at("seconds").to_number<double>());
        {
            const std::lock_guard alone(mutex_);
            std::erase(changed_, name);  // it has put itself back
        }
        throw std::runtime_error(fmt::format("{}: {} failed: {}", name,
                                             object.at("failedStep").as_string().c_str(),
                                             object.at("reason").as_string().c_str()));
    }

    /// The hosts that were changed go back to what they had.
    void put_back() {
        for (auto host = changed_.rbegin(); host != changed_.rend(); ++host) {
            const auto before = std::find_if(outcome_.before.begin(), outcome_.before.end(),
                                             [&](const auto& one) { return one.host == *host; });
            const auto started = steady_clock::now();
            try {
                if (before->kept.empty() || before->kept == "program")
                    throw std::runtime_error("there was no release before this one");
                if (look_at_host(stage_, *host).kept != before->kept) back_at(*host, before->kept, false);
                note(*host, "put back", "done", since(started), before->kept + " serves");
            } catch (const std::exception& fault) {
                note(*host, "put back", "failed", since(started), fault.what());
                outcome_.reason += fmt::format("; {} could not be put back", *host);
            }
        }
    }

    void back_at(const std::string& name, const std::string& to, bool dry_run) {
        const auto started = steady_clock::now();
        std::vector<std::string> words = {"rollback", "--lock", id_};
        if (!to.empty()) words.insert(words.end(), {"--to", to});
        if (dry_run) words.emplace_back("--dry-run");
        const auto answer =
            Host(stage_, name)
                .brainbytes(std::move(words), {.limit = longest_change, .say = [&](std::string_view line) {
                                                   const std::lock_guard alone(mutex_);
                                                   plan_.say(name, {}, line);
                                               }});
        if (!dry_run) note(name, "rollback", "done", since(started), answer.substr(0, answer.find('\t')));
    }

    void tidy() {
        at_once(stage_.hosts, [&](const std::string& host) {
            Host(stage_, host).brainbytes({"release", "prune", "--keep", std::to_string(stage_.keep)}, {});
        });
    }

    const RolloutPlan& plan_;
    const Stage& stage_;
    const std::string id_ = Uuid::make().text();
    RolloutOutcome outcome_;
    std::string step_;
    bool locked_ = false;
    std::mutex mutex_;
    std::vector<std::string> changed_;
};

}  // namespace

std::vector<HostState> look_at(const Stage& stage) {
    std::vector<HostState> states(stage.hosts.size());
    at_once(stage.hosts, [&](const std::string& host) {
        const auto place = std::find(stage.hosts.begin(), stage.hosts.end(), host) - stage.hosts.begin();
        states[static_cast<std::size_t>(place)] = look_at_host(stage, host);
    });
    return states;
}

RolloutOutcome roll_out(const RolloutPlan& plan) {
    return Rollout(plan).bring();
}

RolloutOutcome roll_back(const RolloutPlan& plan, bool dry_run) {
    return Rollout(plan).back(plan.release, dry_run);
}

std::vector<std::string> hold(const Stage& stage, const std::string& reason, int minutes) {
    std::vector<std::string> said(stage.hosts.size());
    at_once(stage.hosts, [&](const std::string& host) {
        const auto place = std::find(stage.hosts.begin(), stage.hosts.end(), host) - stage.hosts.begin();
        std::vector<std::string> words = {"deploy", minutes > 0 ? "lock" : "unlock"};
        if (minutes > 0)
            words.insert(words.end(), {"--owner", deploy::who_we_are(), "--reason", reason, "--minutes",
                                       std::to_string(minutes)});
        said[static_cast<std::size_t>(place)] =
            host + "\t" + Host(stage, host).brainbytes(std::move(words), {});
    });
    return said;
}

}  // namespace bb::stages
