#include "operations/stages/journal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/uuid.hpp"
#include "operations/deploy/hooks.hpp"
#include "operations/stages/host.hpp"

namespace bb::stages {
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::minutes longest_there{30};

}  // namespace

double since(steady_clock::time_point start) {
    return std::chrono::duration<double>(steady_clock::now() - start).count();
}

Journal::Journal(const RolloutPlan& plan, std::string what)
    : release(plan.release), plan_(plan), what_(std::move(what)), id_(Uuid::make().text()) {
    begin({}, what_);
}

void Journal::step(const std::string& host, const std::string& name,
                   const std::function<std::string()>& work) {
    const auto started = steady_clock::now();
    begin(host, name);
    std::string detail;
    try {
        hook("before", name, host);
        detail = work();
        hook("after", name, host);
    } catch (const std::exception& fault) {
        note(host, name, "failed", since(started), fault.what());
        throw;
    }
    note(host, name, "done", since(started), detail);
}

void Journal::begin(const std::string& host, const std::string& name) {
    const std::lock_guard alone(mutex_);
    plan_.ledger.begin({.deployment = id_, .release = release, .step = name, .host = host});
}

void Journal::note(const std::string& host, const std::string& name, const std::string& result,
                   double seconds, const std::string& detail) {
    const std::lock_guard alone(mutex_);
    plan_.say(host, result == "failed" ? name + " FAILED" : name, detail);
    const bool kept = name == "keep" && result == "done";
    plan_.ledger.add({.deployment = id_,
                      .release = release,
                      .step = name,
                      .result = result,
                      .seconds = seconds,
                      .detail = host.empty() ? detail : host + ": " + detail,
                      .host = host,
                      .schema_min = kept ? schema_min : 0,
                      .schema_max = kept ? schema_max : 0});
}

void Journal::end(bool kept, const std::string& reason) {
    const std::lock_guard alone(mutex_);
    plan_.ledger.add({.deployment = id_,
                      .release = release,
                      .step = what_,
                      .result = kept ? "done" : "failed",
                      .seconds = since(started_),
                      .detail = reason});
}

std::string Journal::served_already(const std::string& host) const {
    for (const auto& one : plan_.ledger.read())
        if (one.host == host && one.release == release && one.step == "host" && one.result == "done")
            return "as before: " + one.detail.substr(host.size() + 2);
    return release + " serves already";
}

void Journal::tell(const std::string& host, std::string_view line) {
    const std::lock_guard alone(mutex_);
    plan_.say(host, {}, line);
}

void Journal::hook(const std::string& side, const std::string& step, const std::string& host) const {
    const auto& of_host = deploy::steps_of_host();
    const auto name = deploy::hook_name(side, step);
    const bool of_one = std::any_of(of_host.begin(), of_host.end(),
                                    [&](const auto& one) { return name == deploy::hook_name(side, one); });
    if (of_one && !plan_.stage.on_aws) return;  // it runs there
    deploy::run_hook(
        plan_.stage.hooks, name, environment(host), [] {}, std::filesystem::current_path());
}

void Journal::try_hook(const std::string& side, const std::string& step, const std::string& host) {
    try {
        hook(side, step, host);
    } catch (const std::exception& fault) {
        tell(host, fault.what());
    }
}

void Journal::hook_at(const std::string& host, const std::string& name) const {
    const auto found = plan_.stage.hooks.find(name);
    if (found == plan_.stage.hooks.end()) return;
    Host(plan_.stage, host)
        .shell(fmt::format(
                   "cd {0} && as=; [ \"$(id -u)\" != 0 ] || as=\"setpriv --clear-groups --reuid=$(stat -c "
                   "%u .) --regid=$(stat -c %g .)\"; {1}; exec $as sh -c {2}",
                   shell_word(plan_.stage.data), variables(host), shell_word(found->second)),
               {.limit = longest_there});
}

std::vector<std::string> Journal::hooks_for(const std::string& host) const {
    std::vector<std::string> words;
    for (const auto& name : deploy::hook_names_of(deploy::steps_of_host()))
        if (const auto found = plan_.stage.hooks.find(name); found != plan_.stage.hooks.end())
            words.insert(words.end(), {"--hook", name + "=" + variables(host) + "; " + found->second});
    return words;
}

std::string Journal::variables(const std::string& host) const {
    std::string line = "export";
    for (const auto& one : environment(host)) line += " " + shell_word(one);
    return line;
}

std::vector<std::string> Journal::environment(const std::string& host) const {
    return {"BRAINBYTES_STAGE=" + plan_.stage.name, "BRAINBYTES_RELEASE=" + release,
            "BRAINBYTES_HOST=" + host, "BRAINBYTES_DEPLOYMENT=" + id_};
}

}  // namespace bb::stages
