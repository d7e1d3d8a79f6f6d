#include "operations/stages/journal.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "base/core/uuid.hpp"
#include "operations/safety/running_tool.hpp"

namespace bb::stages {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::minutes longest_hook{30};

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
        hook("before-" + name, host);
        detail = work();
        hook("after-" + name, host);
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
    plan_.ledger.add({.deployment = id_,
                      .release = release,
                      .step = name,
                      .result = result,
                      .seconds = seconds,
                      .detail = host.empty() ? detail : host + ": " + detail,
                      .host = host});
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

std::string Journal::hook(const std::string& name, const std::string& host) {
    const auto& stage = plan_.stage;
    const auto found = stage.hooks.find(name);
    if (found == stage.hooks.end()) return {};
    const auto deadline = steady_clock::now() + longest_hook;
    return safety::output_of(
        {"/bin/sh", "-c", found->second},
        {"BRAINBYTES_STAGE=" + stage.name, "BRAINBYTES_RELEASE=" + release, "BRAINBYTES_HOST=" + host,
         "BRAINBYTES_DEPLOYMENT=" + id_},
        [&]() {
            if (steady_clock::now() > deadline)
                throw std::runtime_error(fmt::format("the hook {} does not end", name));
        },
        std::filesystem::current_path());
}

}  // namespace bb::stages
