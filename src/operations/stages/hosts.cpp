#include "operations/stages/hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/core/json_reader.hpp"
#include "base/core/process.hpp"
#include "base/core/uuid.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/stages/host.hpp"

namespace bb::stages {
namespace {

constexpr int minutes_of_lock = 24 * 60;
constexpr std::chrono::seconds longest_settling{60};
constexpr std::chrono::milliseconds look_again{500};
constexpr const char* bare_word = "no program";
constexpr const char* asleep_word = "no status";

void read_status(HostState& state, const std::string& text) {
    const auto parsed = parse_json(text);
    if (!parsed || !parsed->is_object())
        throw std::runtime_error(state.host + ": \"deploy status\" cannot be read");
    const auto& status = parsed->get_object();
    state.kept = text_member(status, "kept");
    state.before = text_member(status, "before");
    state.lock = text_member(status, "lockId");
    const auto* leased = status.if_contains("leased");
    state.trial = status.at("trial").as_bool() || (leased && leased->as_bool());
    const auto& serving = status.at("serving");
    if (serving.is_object()) state.serving = text_member(serving.get_object(), "release");
    if (state.trial) state.fault = state.host + ": another change of the release is under way";
}

/// Locks it, and looks at it in the same visit: a rollback waits for it.
HostState try_to_lock(const Stage& stage, const std::string& name, const std::string& id,
                      const std::string& reason) {
    const Host host(stage, name);
    HostState state;
    state.host = name;
    const auto lock = host.line({"deploy", "lock", "--id", id, "--owner", deploy::who_we_are(), "--reason",
                                 reason, "--minutes", std::to_string(minutes_of_lock), "--by-deployment"});
    read_status(state,
                host.shell(fmt::format("({}) >&2 && ({})", lock, host.line({"deploy", "status"})), {}));
    return state;
}

}  // namespace

void at_once(const std::vector<std::string>& hosts, const std::function<void(const std::string&)>& work) {
    std::mutex mutex;
    std::string failed;
    std::vector<std::thread> threads;
    for (const auto& host : hosts)
        threads.emplace_back([&]() {
            try {
                work(host);
            } catch (const std::exception& fault) {
                const std::lock_guard lock(mutex);
                failed += (failed.empty() ? "" : "; ") + std::string(fault.what());
            }
        });
    for (auto& one : threads) one.join();
    if (!failed.empty()) throw std::runtime_error(failed);
}

HostState look_at_host(const Stage& stage, const std::string& name) {
    HostState state;
    state.host = name;
    try {
        const Host host(stage, name);
        // In one visit: a rollback waits for it.
        const auto seen = host.shell(
            fmt::format("if [ ! -x {} ]; then echo {}; else ({}) || echo {}; fi", shell_word(stage.program),
                        bare_word, host.line({"deploy", "status"}), asleep_word),
            {});
        state.bare = seen == std::string(bare_word) + "\n";
        if (state.bare) return state;
        state.asleep = seen.ends_with(std::string(asleep_word) + "\n");
        // Asked again for its reason.
        const auto status = state.asleep ? host.brainbytes({"deploy", "status"}, {}) : seen;
        state.asleep = false;
        read_status(state, status);
    } catch (const std::exception& fault) {
        state.fault = fault.what();
    }
    return state;
}

HostState settled_host(const Stage& stage, const std::string& name) {
    for (const auto deadline = std::chrono::steady_clock::now() + longest_settling;;) {
        auto state = look_at_host(stage, name);
        if (state.fault.empty()) return state;
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error(state.fault);
        std::this_thread::sleep_for(look_again);
    }
}

std::string new_lock_id() {
    return process::own_name() + "/" + Uuid::make().text();
}

bool is_left_behind(const HostState& state) {
    return process::has_ended(state.lock);
}

HostState lock_host(const Stage& stage, const std::string& name, const std::string& id,
                    const std::string& reason, const std::function<void(const std::string&)>& say) {
    HostState state;
    try {
        state = try_to_lock(stage, name, id, reason);
    } catch (const std::exception&) {
        const auto found = look_at_host(stage, name);
        if (found.bare) throw std::runtime_error(name + ": has no BrainBytes");
        if (!is_left_behind(found)) throw;
        Host(stage, name).brainbytes({"deploy", "unlock", "--id", found.lock}, {});
        say("the lock there is taken over: the command that held it was killed on this machine");
        state = try_to_lock(stage, name, id, reason);
        if (state.trial) state = settled_host(stage, name);  // what was killed is just being undone
    }
    if (!state.fault.empty()) throw std::runtime_error(state.fault);
    return state;
}

std::vector<HostState> look_at(const Stage& stage) {
    std::vector<HostState> states(stage.hosts.size());
    at_once(stage.hosts, [&](const std::string& host) {
        const auto place = std::find(stage.hosts.begin(), stage.hosts.end(), host) - stage.hosts.begin();
        states[static_cast<std::size_t>(place)] = look_at_host(stage, host);
    });
    return states;
}

void must_be_well(const std::vector<HostState>& states) {
    std::string faults;
    for (const auto& one : states) {
        const auto fault = one.bare ? one.host + ": has no BrainBytes" : one.fault;
        if (!fault.empty()) faults += (faults.empty() ? "" : "; ") + fault;
    }
    if (!faults.empty()) throw std::runtime_error(faults);
}

bool is_mixed(const std::vector<HostState>& states) {
    return std::any_of(states.begin(), states.end(),
                       [&](const auto& one) { return one.kept != states.front().kept; });
}

std::string common_way_back(const std::vector<HostState>& states, const std::string& broken_off) {
    const bool has_come =
        std::any_of(states.begin(), states.end(), [&](const auto& one) { return one.kept == broken_off; });
    if (!broken_off.empty() && !has_come)
        throw std::runtime_error(fmt::format(
            "The deployment of {} was broken off before a host kept it: all have what they had. To "
            "go further back, name a release with --to.",
            broken_off));
    std::set<std::string> ways;
    std::string told;
    for (const auto& one : states) {
        ways.insert({one.before, one.kept});
        told += fmt::format("{}{}: from {} to {}", told.empty() ? "" : ", ", one.host, one.kept,
                            one.before.empty() ? "none" : one.before);
    }
    // Where a deployment was broken off, some go back to what the others have.
    const bool mixed = is_mixed(states);
    std::erase_if(ways, [&](const std::string& to) {
        return to.empty() || !std::all_of(states.begin(), states.end(), [&](const auto& one) {
                   return one.before == to || (mixed && one.kept == to);
               });
    });
    if (ways.size() == 1) return *ways.begin();
    for (const auto& one : states)
        if (one.before.empty() && !mixed)
            throw std::runtime_error(one.host +
                                     ": no release was in service before this one; name one with --to");
    throw std::runtime_error(
        fmt::format("The hosts would go back to different releases ({}): name one with --to.", told));
}

std::string missing_secrets(const Stage& stage, const std::string& host) {
    if (stage.secrets.empty()) return {};
    const auto shown = parse_json(Host(stage, host).brainbytes({"config", "show", "--json"}, {}));
    const auto kept = parse_json(Host(stage, host).brainbytes({"secret", "list", "--json"}, {}));
    const auto holds = [](const boost::json::value& list, const std::string& name, const char* must) {
        const auto& all = list.as_array();
        return std::any_of(all.begin(), all.end(), [&](const auto& one) {
            return one.at("name").as_string() == name && (!must || one.at(must).as_bool());
        });
    };
    std::string missing;
    for (const auto& name : stage.secrets)
        if (!holds(shown.value().at("options"), name, "set") &&
            !holds(kept.value().at("secrets"), name, nullptr))
            missing += ' ' + name;
    if (missing.empty()) return missing;
    return fmt::format("{}: lacks the secrets{} (\"brainbytes secret set NAME\" there)", host, missing);
}

std::string hold(const Stage& stage, const std::string& wanted, const std::string& owner,
                 const std::string& reason, int minutes) {
    const auto id = wanted.empty() ? Uuid::make().text() : wanted;
    try {
        at_once(stage.hosts, [&](const std::string& host) {
            Host(stage, host)
                .brainbytes(
                    {"deploy", "lock", "--id", id, "--owner", owner.empty() ? deploy::who_we_are() : owner,
                     "--reason", reason, "--minutes", std::to_string(minutes)},
                    {});
        });
    } catch (const std::exception& fault) {
        std::string left;
        try {
            let_go(stage, id, deploy::who_we_are());
        } catch (const std::exception& more) {
            left = fmt::format("; and what was taken is still held somewhere: {}", more.what());
        }
        throw std::runtime_error(fault.what() + left);
    }
    return id;
}

std::vector<std::string> let_go(const Stage& stage, const std::string& id, const std::string& who) {
    std::vector<std::string> said(stage.hosts.size());
    std::vector<std::string> words = {"deploy", "unlock", "--owner", who};
    if (!id.empty()) words.insert(words.end(), {"--id", id});
    at_once(stage.hosts, [&](const std::string& host) {
        const auto place = std::find(stage.hosts.begin(), stage.hosts.end(), host) - stage.hosts.begin();
        said[static_cast<std::size_t>(place)] = host + "\t" + Host(stage, host).brainbytes(words, {});
    });
    return said;
}

}  // namespace bb::stages
