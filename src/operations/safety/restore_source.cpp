#include "operations/safety/restore_source.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace bb::safety {

secrets::Key open_backup(const StoredBackup& backup, const BackupKeys& keys) {
    for (const auto& sealed : backup.manifest->keys)
        for (const auto& identity : keys.identities) {
            const auto key = open_key(sealed.key, identity);
            if (!key) continue;
            if (!is_signed_with(backup.manifest_text, *key))
                throw std::runtime_error(
                    fmt::format("The manifest of the backup {} was changed. It is not used.", backup.id));
            return *key;
        }
    std::string recipients;
    for (const auto& sealed : backup.manifest->keys)
        recipients += (recipients.empty() ? "" : ", ") + sealed.recipient;
    throw std::runtime_error(fmt::format(
        "{} does not open the backup {}. It is sealed to: {}. Give the file with that private key: --key "
        "FILE, "
        "or BACKUP_KEY_FILE.",
        keys.identities.empty() ? "There is no private key, which alone opens backups: what is there"
                                : "This backup key",
        backup.id, recipients));
}

RestoreSource prepare_source(const Installation& at, const Destination& place, const StoredBackup& backup,
                             const BackupKeys& keys, const RecoveryGoal& goal) {
    RestoreSource source{backup, open_backup(backup, keys)};
    if (backup.manifest->method != "physical") return source;
    at.say("Recovering the database of the physical backup beside what is there.");
    source.recovered =
        std::make_shared<RecoveredCluster>(at, RecoveredCluster::From{place, backup, source.key, keys}, goal);
    source.backup.manifest = source.recovered->manifest();
    if (goal.window) source.nearby = backups_around(place, backup, source.backup.manifest->created_at, keys);
    return source;
}

}  // namespace bb::safety
