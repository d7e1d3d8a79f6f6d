#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/config/config.hpp"
#include "base/db/home.hpp"
#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"

namespace bb::app {

/// Name of the key in the data folder that backups are sealed with when no other is configured.
inline constexpr const char* kept_key_name = "backup.key";

/// What backups of this installation are made of; `conninfo` is of its database. Tells nobody anything: `say`
/// and `progress` are the caller's.
safety::Installation installation_of(const config::Config& config, std::string conninfo);
/// The same with the role that may read the write-ahead log: of the private cluster, or the account itself.
safety::Installation installation_of(const config::Config& config, const db::Home& home);

/// The places of BACKUP_TO, the first of which is read from; those of `from` instead, when it is not empty.
/// Throws std::runtime_error with a sentence when one of them cannot be meant.
std::vector<safety::Destination> destinations_of(const config::Config& config, const std::string& from = {});

/// Whether a place is a folder on the disk of the data: lost together with it.
bool is_beside_data(const config::Config& config, const safety::Destination& place);

/// Keys from `file`, else from BACKUP_KEY_FILE, else from the data folder. Throws std::runtime_error when
/// there is none.
safety::BackupKeys backup_keys_of(const config::Config& config, const std::string& file = {});
/// Keys from BACKUP_KEY_FILE, read while the account may: nothing when it is unset.
std::optional<safety::BackupKeys> configured_backup_keys(const config::Config& config);
/// Those, or the keys of the data folder; without any, one is made there and `say` told to copy it away.
safety::BackupKeys keys_to_seal_with(const std::optional<safety::BackupKeys>& configured,
                                     const std::filesystem::path& data,
                                     const std::function<void(std::string_view)>& say);

}  // namespace bb::app
