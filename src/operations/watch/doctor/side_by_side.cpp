#include "operations/watch/doctor/side_by_side.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace bb::watch {
namespace {

/// Shared by a check's thread and by who waits for it.
struct Slot {
    Findings findings;
    std::mutex mutex;
    std::condition_variable wake;
    bool done = false;
};

void run(const Check& check, Slot& slot) {
    try {
        check.look(slot.findings);
    } catch (const std::exception& fault) {
        slot.findings.fail(check.name, fault.what(), check.fix_when_late);
    }
    const std::lock_guard lock(slot.mutex);
    slot.done = true;
    slot.wake.notify_all();
}

void start(const Check& check, const std::shared_ptr<Slot>& slot) {
    try {
        std::thread([check, slot] { run(check, *slot); }).detach();
    } catch (const std::system_error& fault) {
        slot->findings.fail(check.name, fmt::format("no thread could be started for it: {}", fault.what()),
                            "Raise the number of processes that this account may have: ulimit -u 4096");
        slot->done = true;
    }
}

}  // namespace

Looked look_side_by_side(const std::vector<Check>& checks) {
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::shared_ptr<Slot>> slots;
    for (const auto& check : checks) {
        slots.push_back(std::make_shared<Slot>());
        start(check, slots.back());
    }
    Looked looked;
    for (std::size_t i = 0; i < checks.size(); ++i) {
        auto& slot = *slots[i];
        std::unique_lock lock(slot.mutex);
        const bool done = slot.wake.wait_until(lock, began + checks[i].limit, [&] { return slot.done; });
        for (auto& one : slot.findings.all()) looked.findings.push_back(std::move(one));
        if (done) continue;
        looked.all_came_back = false;
        looked.findings.push_back({checks[i].name, Standing::fail,
                                   fmt::format("did not come back within {:.1f} s",
                                               static_cast<double>(checks[i].limit.count()) / 1e3),
                                   checks[i].fix_when_late});
    }
    return looked;
}

}  // namespace bb::watch
