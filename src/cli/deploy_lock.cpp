#include <fmt/format.h>

#include <filesystem>

#include "base/core/time.hpp"
#include "base/core/uuid.hpp"
#include "cli/deploy.hpp"
#include "operations/deploy/control.hpp"
#include "operations/deploy/deploy_lock.hpp"
#include "operations/deploy/ledger.hpp"
#include "operations/deploy/supervisor.hpp"
#include "operations/stages/aws_lock.hpp"
#include "operations/stages/hosts.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* no_lock = "there was no lock";

fs::path folder_of(const Context& context) {
    return context.config.text("BRAINBYTES_DATA");
}

std::string owner_of(const DeployWords& words) {
    return words.owner.empty() ? deploy::who_we_are() : words.owner;
}

/// `id`: of the lock; `step`: "lock" or "unlock".
void note_lock(const deploy::Ledger& ledger, const std::string& id, const char* step,
               const std::string& detail) {
    ledger.add({.deployment = id, .step = step, .result = "done", .detail = detail});
}

/// Of a lock on this host. The deployment of a stage tells the audit log what it has done at its end.
void note_lock_here(Context& context, const DeployWords& words, const std::string& id, const char* step,
                    const std::string& detail) {
    const auto data = folder_of(context);
    note_lock(deploy::Ledger(data / "releases" / "ledger.jsonl"), id, step, detail);
    if (!words.by_deployment && fs::exists(deploy::control_socket(data)))
        note_in_audit(context, fmt::format("{} of deployments: {}", step, detail), {});
}

int lock_stage(Context& context, const DeployWords& words) {
    const auto stage = stage_of(words.stage);
    const auto id = stages::hold(stage, words.lock, owner_of(words), words.reason, words.minutes);
    const auto until = to_rfc3339(now() + std::chrono::minutes(words.minutes));
    note_lock(deploy::Ledger(stage_ledger(context, words.stage)), id, "lock",
              fmt::format("{} keeps {} hosts as they are until {}: {}", owner_of(words), stage.hosts.size(),
                          until, words.reason));
    context.out << fmt::format("{}\t{} hosts, for {} minutes\n", id, stage.hosts.size(), words.minutes);
    return done;
}

int unlock_stage(Context& context, const DeployWords& words) {
    const deploy::Ledger ledger(stage_ledger(context, words.stage));
    for (const auto& line : stages::let_go(stage_of(words.stage), words.lock, owner_of(words))) {
        context.out << line;
        if (line.find(no_lock) != std::string::npos) continue;
        const auto tab = line.find('\t');
        note_lock(
            ledger, words.lock, "unlock",
            fmt::format("{}: {}", line.substr(0, tab), line.substr(tab + 1, line.find('\n') - tab - 1)));
    }
    return done;
}

deploy::Hold new_hold(const DeployWords& words) {
    return {.id = words.lock.empty() ? Uuid::make().text() : words.lock,
            .owner = owner_of(words),
            .reason = words.reason,
            .until = now() + std::chrono::minutes(words.minutes)};
}

std::string words_of_taking(const deploy::Hold& hold) {
    return fmt::format("{} keeps releases as they are until {}: {}", hold.owner, to_rfc3339(hold.until),
                       hold.reason);
}

std::string words_of_ending(const deploy::Hold& gone, const DeployWords& words) {
    return fmt::format("{} has ended the lock of {} until {}: {}", owner_of(words), gone.owner,
                       to_rfc3339(gone.until), gone.reason);
}

int lock_on_aws(Context& context, const DeployWords& words) {
    const auto hold = new_hold(words);
    stages::AwsLock(stage_of(words.stage)).take(hold, [&](std::string_view said) {
        context.err << said << '\n';
    });
    note_lock(deploy::Ledger(stage_ledger(context, words.stage)), hold.id, "lock", words_of_taking(hold));
    context.out << fmt::format("{}\tuntil {}\n", hold.id, to_rfc3339(hold.until));
    return done;
}

int unlock_on_aws(Context& context, const DeployWords& words) {
    const auto gone = stages::AwsLock(stage_of(words.stage)).give_up(words.lock);
    if (!gone) {
        context.out << no_lock << '\n';
        return done;
    }
    note_lock(deploy::Ledger(stage_ledger(context, words.stage)), gone->id, "unlock",
              words_of_ending(*gone, words));
    context.out << fmt::format("the lock of {} has ended\n", gone->owner);
    return done;
}

}  // namespace

int take_lock(Context& context, const DeployWords& words) {
    if (is_on_aws(words)) return lock_on_aws(context, words);
    if (is_remote(words)) return lock_stage(context, words);
    write_as_owner(context);
    const auto hold = new_hold(words);
    const auto taken = deploy::DeployLock(folder_of(context)).take(hold);
    if (!taken) return context.fail(taken.error());
    note_lock_here(context, words, hold.id, "lock", words_of_taking(hold));
    context.out << fmt::format("{}\tuntil {}\n", hold.id, to_rfc3339(hold.until));
    return done;
}

int give_up_lock(Context& context, const DeployWords& words) {
    if (is_on_aws(words)) return unlock_on_aws(context, words);
    if (is_remote(words)) return unlock_stage(context, words);
    act_as_owner(context);
    const auto gone = deploy::DeployLock(folder_of(context)).give_up(words.lock);
    if (!gone) {
        context.out << no_lock << '\n';
        return done;
    }
    note_lock_here(context, words, gone->id, "unlock", words_of_ending(*gone, words));
    context.out << fmt::format("the lock of {} has ended\n", gone->owner);
    return done;
}

void note_in_audit(Context& context, const std::string& text, const std::string& release) {
    std::vector<std::string> command = {"audit", "note", text};
    if (!release.empty()) command.insert(command.end(), {"--about", release});
    try {
        deploy::surroundings_of(deploy::Control(folder_of(context)))
            .output_of("/proc/self/exe", std::move(command), [] {});
    } catch (const std::exception& fault) {
        context.err << "It is not in the audit log: " << fault.what() << '\n';
    }
}

}  // namespace bb::cli
