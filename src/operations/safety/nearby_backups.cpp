#include "operations/safety/nearby_backups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "operations/safety/part.hpp"
#include "operations/safety/restore_source.hpp"

namespace bb::safety {
namespace {

using Files = std::set<RestoredFiles::Stored>;

/// Those of `wanted` that rows named when the backup was made, and that were not there even then.
Files missing_in(const Manifest& manifest, const Files& wanted) {
    Files missing;
    for (const auto& name : manifest.missing_files)
        if (const auto file = stored_name(name); file && wanted.contains(*file)) missing.insert(*file);
    return missing;
}

void take_from(const StoredBackup& backup, const BackupKeys& keys, Files& wanted, RestoredFiles& into) {
    into.take(open_part(backup, "files", open_backup(backup, keys)), wanted);
}

/// A file that a row named all the time since its upload is in the nearest backup, or listed there as
/// missing: others are read only for what that one lacks so, or when it cannot be read.
void take_from_side(const Installation& at, const std::vector<StoredBackup>& nearest_first,
                    const BackupKeys& keys, Files& wanted, RestoredFiles& into) {
    auto sought = wanted;
    for (const auto& backup : nearest_first) {
        if (sought.empty()) break;
        const auto before = sought.size();
        try {
            take_from(backup, keys, sought, into);
            if (sought.size() < before)
                at.say(
                    fmt::format("Uploaded files from the backup {}: {}.", backup.id, before - sought.size()));
            sought = missing_in(*backup.manifest, sought);
        } catch (const std::system_error&) {
            throw;
        } catch (const GivenUp&) {
            throw;
        } catch (const Away&) {
            throw;
        } catch (const std::runtime_error& fault) {
            at.say(fmt::format("The backup {} is passed over in the search for uploaded files ({}).",
                               backup.id, fault.what()));
        }
    }
    std::erase_if(wanted, [&](const auto& file) { return into.holds(file); });
}

}  // namespace

NearbyBackups backups_around(const Destination& place, const StoredBackup& base, Time moment,
                             const BackupKeys& keys) {
    NearbyBackups around{{}, {}, keys};
    for (auto& backup : place.list()) {
        if (!backup.manifest || backup.id == base.id) continue;
        auto& side = backup.manifest->created_at >= moment ? around.after : around.before;
        side.push_back(std::move(backup));
    }
    const auto older = [](const auto& a, const auto& b) {
        return a.manifest->created_at < b.manifest->created_at;
    };
    std::sort(around.after.begin(), around.after.end(), older);
    std::sort(around.before.rbegin(), around.before.rend(), older);
    return around;
}

void take_files(const Installation& at, const NearbyBackups& from, Files wanted, RestoredFiles& into) {
    take_from_side(at, from.after, from.keys, wanted, into);
    take_from_side(at, from.before, from.keys, wanted, into);
}

}  // namespace bb::safety
