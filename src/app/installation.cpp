#include "app/installation.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "app/file_places.hpp"
#include "app/settings_places.hpp"
#include "app/watch_settings.hpp"
#include "base/config/places.hpp"
#include "base/db/found_home.hpp"
#include "embedded/version.hpp"
#include "features/accounts/server_secret.hpp"
#include "features/materials/stored_files.hpp"
#include "operations/safety/folder_store.hpp"
#include "operations/safety/s3_store.hpp"
#include "operations/safety/tools.hpp"

namespace bb::app {
namespace {

namespace fs = std::filesystem;

safety::Destination destination_of(const config::Config& config, const config::Place& place) {
    safety::Retention retention;
    if (place.daily > 0) retention = {place.daily, place.weekly, place.monthly};
    std::shared_ptr<safety::Store> store;
    if (place.bucket.empty())
        store = std::make_shared<safety::FolderStore>(fs::absolute(place.folder));
    else
        store = std::make_shared<safety::S3Store>(bucket_of(config, place.bucket, "Backups"), place.prefix,
                                                  config.text("SSL_CERT_FILE"));
    return safety::Destination(std::move(store), retention);
}

/// The secret that is there; a command makes none.
std::string existing_secret(const config::Config& config) {
    const bool kept_in_folder = !config.is_set("BRAINBYTES_SECRET") && !config.is_set("DATABASE_URL");
    if (kept_in_folder && !fs::exists(config.text("BRAINBYTES_DATA") + "/secret")) return {};
    return accounts::server_secret(config);
}

/// The small files that are no data and that a school would miss: options, stages and contacts, the keys that
/// releases are trusted by, and what was deployed when.
std::vector<std::pair<std::string, fs::path>> settings_of(const config::Config& config) {
    constexpr std::uintmax_t most = 16u << 20;
    std::vector<std::pair<std::string, fs::path>> found;
    const auto take = [&](std::string name, const fs::path& file) {
        std::error_code unreadable;
        if (!fs::is_regular_file(file, unreadable) || ::access(file.c_str(), R_OK) != 0) return;
        if (fs::file_size(file, unreadable) <= most) found.emplace_back(std::move(name), fs::absolute(file));
    };
    for (const std::string& name :
         {std::string(".env"), std::string(".env.local"), ".env." + config.text("BRAINBYTES_STAGE"),
          std::string("brainbytes.toml")})
        take(name, name);
    take("environment", unit_environment);
    take("contacts.toml", contacts_file(config));
    const fs::path data(config.text("BRAINBYTES_DATA"));
    take("releases/ledger.jsonl", data / "releases/ledger.jsonl");
    for (const auto* folder : {"trust", "stages"}) {
        std::error_code missing;
        for (const auto& file : fs::directory_iterator(data / folder, missing))
            take(fmt::format("{}/{}", folder, file.path().filename().string()), file.path());
    }
    return found;
}

}  // namespace

safety::Installation installation_of(const config::Config& config, std::string conninfo) {
    safety::Installation installation;
    installation.conninfo = std::move(conninfo);
    installation.data = config.text("BRAINBYTES_DATA");
    installation.secret = existing_secret(config);
    installation.program = embedded::version;
    installation.settings = settings_of(config);
    installation.files = stores_of(config, installation.data, Wanted::surely);
    installation.files_sql = materials::stored_files_sql;
    installation.say = [](std::string_view) {
    };
    installation.watch = []() {
    };
    installation.progress = [](std::string_view, std::uint64_t, std::uint64_t) {
    };
    return installation;
}

safety::Installation installation_of(const config::Config& config, const db::Home& home) {
    auto installation = installation_of(config, home.conninfo());
    installation.managed = home.managed();
    // Not in the application's database, which a restore renames while nobody is in it.
    installation.wal_conninfo =
        home.managed() ? safety::with_database(*home.superuser_conninfo(), "postgres") : home.conninfo();
    return installation;
}

std::vector<safety::Destination> destinations_of(const config::Config& config, const std::string& from) {
    const auto places = config::parse_places(from.empty() ? config.text("BACKUP_TO") : from);
    if (!places) throw std::runtime_error("The place of the backups " + places.error().detail);
    std::vector<safety::Destination> list;
    for (const auto& place : *places) list.push_back(destination_of(config, place));
    if (list.empty()) list.emplace_back(db::data_folder(config) / "backups");
    return list;
}

bool is_beside_data(const config::Config& config, const safety::Destination& place) {
    const auto folder = place.store().folder();
    if (!folder) return false;
    // A folder that is not there yet will be made on the disk of the one above it.
    auto path = fs::absolute(*folder);
    struct stat at, data;
    while (::stat(path.c_str(), &at) != 0) {
        if (path == path.root_path()) return false;
        path = path.parent_path();
    }
    return ::stat(config.text("BRAINBYTES_DATA").c_str(), &data) == 0 && at.st_dev == data.st_dev;
}

safety::BackupKeys backup_keys_of(const config::Config& config, const std::string& file) {
    if (!file.empty()) return safety::read_backup_keys(file);
    if (auto configured = configured_backup_keys(config)) return *configured;
    const auto kept = db::data_folder(config) / kept_key_name;
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
