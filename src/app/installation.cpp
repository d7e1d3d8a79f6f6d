#include "app/installation.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <stdexcept>

#include "embedded/version.hpp"
#include "features/accounts/server_secret.hpp"
#include "features/materials/stored_files.hpp"

namespace bb::app {
namespace {

namespace fs = std::filesystem;

/// The secret that is there; a command makes none.
std::string existing_secret(const config::Config& config) {
    const bool kept_in_folder = !config.is_set("BRAINBYTES_SECRET") && !config.is_set("DATABASE_URL");
    if (kept_in_folder && !fs::exists(config.text("BRAINBYTES_DATA") + "/secret")) return {};
    return accounts::server_secret(config);
}

}  // namespace

safety::Installation installation_of(const config::Config& config, std::string conninfo) {
    safety::Installation installation;
    installation.conninfo = std::move(conninfo);
    installation.data = config.text("BRAINBYTES_DATA");
    installation.secret = existing_secret(config);
    installation.program = embedded::version;
    for (const std::string& name :
         {std::string(".env"), std::string(".env.local"), ".env." + config.text("BRAINBYTES_STAGE")})
        if (fs::is_regular_file(name)) installation.settings.emplace_back(fs::absolute(name));
    installation.files_sql = materials::stored_files_sql;
    installation.say = [](std::string_view) {
    };
    installation.watch = []() {
    };
    installation.progress = [](std::string_view, std::uint64_t, std::uint64_t) {
    };
    return installation;
}

std::vector<safety::Destination> destinations_of(const config::Config& config, const std::string& from) {
    std::vector<safety::Destination> list;
    if (!from.empty()) {
        if (from.find("://") != std::string::npos)
            throw std::runtime_error(
                fmt::format("Backups are kept in folders of this machine, and {} is none.", from));
        list.emplace_back(fs::absolute(from));
        return list;
    }
    const auto& places = config.text("BACKUP_TO");
    for (std::size_t at = 0; at < places.size();) {
        const auto end = std::min(places.find(',', at), places.size());
        if (end > at) list.emplace_back(fs::absolute(places.substr(at, end - at)));
        at = end + 1;
    }
    if (list.empty()) list.emplace_back(fs::path(config.text("BRAINBYTES_DATA")) / "backups");
    return list;
}

safety::BackupKeys backup_keys_of(const config::Config& config, const std::string& file) {
    if (!file.empty()) return safety::read_backup_keys(file);
    if (auto configured = configured_backup_keys(config)) return *configured;
    const auto kept = fs::path(config.text("BRAINBYTES_DATA")) / kept_key_name;
    if (fs::exists(kept)) return safety::read_backup_keys(kept);
    throw std::runtime_error(
        "There is no backup key here, and backups open with it alone. Give the file: --key FILE, or "
        "BACKUP_KEY_FILE.");
}

std::optional<safety::BackupKeys> configured_backup_keys(const config::Config& config) {
    if (!config.is_set("BACKUP_KEY_FILE")) return std::nullopt;
    return safety::read_backup_keys(config.text("BACKUP_KEY_FILE"));
}

safety::BackupKeys keys_to_seal_with(const std::optional<safety::BackupKeys>& configured,
                                     const fs::path& data, const std::function<void(std::string_view)>& say) {
    if (configured) return *configured;
    const auto file = data / kept_key_name;
    if (!fs::exists(file)) safety::make_backup_key(file);
    say(
        fmt::format("Backups are sealed with {}, which is lost with this machine. Copy it to another place: "
                    "without it no backup can be opened. (BACKUP_KEY_FILE names another key.)",
                    file.string()));
    return safety::read_backup_keys(file);
}

}  // namespace bb::app
