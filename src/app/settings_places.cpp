#include "app/settings_places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "app/watch_settings.hpp"
#include "base/config/env_file.hpp"
#include "base/core/privileges.hpp"
#include "base/db/found_home.hpp"

namespace bb::app {
namespace {

namespace fs = std::filesystem;
using Named = std::vector<std::pair<std::string, safety::VacantPlace>>;

constexpr const char* unit_data = "/var/lib/brainbytes";  // deploy/systemd
/// They say where the data is.
constexpr std::array deciding = {"BRAINBYTES_DATA", "DATABASE_URL", "S3_BUCKET"};

bool holds_options(std::string_view name) {
    return name.starts_with(".env") || name == "environment";
}

/// Root's, and readable to the account of the service, which backs it up.
safety::VacantPlace for_the_service(fs::path file, const fs::path& data) {
    const auto account = privileges::unprivileged_for(data);
    if (account.name == "nobody") return {std::move(file)};
    return {std::move(file), 0640, account.gid};
}

/// Those outside of the data folder.
Named places_elsewhere(const config::Config& config, const fs::path& data, bool data_alone) {
    Named places;
    if (data_alone) return places;
    const auto folder = fs::current_path();
    for (const std::string name : {".env", ".env.local", "brainbytes.toml"})
        places.emplace_back(name, safety::VacantPlace{folder / name});
    for (const std::string stage : {"dev", "staging", "production"})  // as BRAINBYTES_STAGE knows them
        places.emplace_back(".env." + stage, safety::VacantPlace{folder / (".env." + stage)});
    if (data == unit_data && fs::is_directory(fs::path(unit_environment).parent_path()))
        places.emplace_back("environment", for_the_service(unit_environment, data));
    if (config.is_set("BRAINBYTES_CONFIG"))
        places.emplace_back("contacts.toml", for_the_service(fs::absolute(contacts_file(config)), data));
    return places;
}

std::vector<std::string> names_of(const Named& places) {
    std::vector<std::string> names;
    for (const auto& [name, place] : places) names.push_back(name);
    return names;
}

std::vector<safety::VacantPlace> vacant(const Named& places) {
    std::vector<safety::VacantPlace> list;
    for (const auto& [name, place] : places) list.push_back(place);
    return list;
}

bool holds_a_key(const fs::path& trust) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(trust, missing))
        if (entry.path().extension() == ".pub") return true;
    return false;
}

/// Names of options whose values are paths or addresses.
std::vector<std::string> machine_options(std::string_view text) {
    using config::Kind;
    constexpr std::array kinds = {Kind::origin, Kind::address, Kind::folder,
                                  Kind::places, Kind::bucket,  Kind::database};
    std::vector<std::string> names;
    const auto lines = config::parse_env(text);
    if (!lines) return names;
    for (const auto& line : *lines) {
        const auto* option = config::find_option(line.name);
        const bool named = option && std::find(kinds.begin(), kinds.end(), option->kind) != kinds.end();
        if (named || line.name.ends_with("_FILE") || line.name.starts_with("BRAINBYTES_TLS_"))
            names.push_back(line.name);
    }
    return names;
}

fs::path plain(const fs::path& folder) {
    auto path = fs::absolute(folder).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
}

}  // namespace

SettingsPlaces::SettingsPlaces(const config::Config& config, bool data_alone)
    : config_(config),
      data_(db::data_folder(config)),
      trusts_nobody_(!holds_a_key(data_ / "trust")),
      names_(names_of(places_elsewhere(config, data_, data_alone))),
      elsewhere_(vacant(places_elsewhere(config, data_, data_alone))) {}

/// Whom a host trusts, it has decided as a whole: a key that was removed does not come back beside another.
std::optional<fs::path> SettingsPlaces::in_data(const std::string& name) const {
    const auto belongs = [&](std::string_view folder) {
        return name.starts_with(folder) && name.find('/', folder.size()) == std::string::npos;
    };
    if (name == "contacts.toml" && !config_.is_set("BRAINBYTES_CONFIG")) return data_ / "brainbytes.toml";
    if (name == "releases/ledger.jsonl" || belongs("stages/")) return data_ / name;
    if (belongs("trust/") && trusts_nobody_) return data_ / name;
    return std::nullopt;
}

/// The option that would lead a server past what was brought back; empty: none.
std::string SettingsPlaces::leads_elsewhere(std::string_view options) const {
    const auto lines = config::parse_env(options);
    if (!lines) return {};
    for (const auto& line : *lines)
        for (const std::string name : deciding) {
            if (line.name == name + "_FILE") return line.name;
            if (line.name != name) continue;
            const bool same = name == "BRAINBYTES_DATA" ? plain(line.value) == plain(config_.text(name))
                                                        : line.value == config_.text(name);
            if (!same) return line.name;
        }
    return {};
}

bool SettingsPlaces::put_in_place(const std::string& name, std::string_view text, fs::path& place) {
    if (const auto own = in_data(name)) {
        place = *own;
        const auto folder = place.parent_path();
        if (fs::create_directory(folder)) fs::permissions(folder, fs::perms::owner_all);
        return safety::put_where_vacant({place}, text);
    }
    const auto at = std::find(names_.begin(), names_.end(), name);
    if (at == names_.end()) return false;
    const auto which = static_cast<std::size_t>(at - names_.begin());
    place = elsewhere_.places()[which].path;
    return elsewhere_.put(which, text);
}

bool SettingsPlaces::put(const std::string& name, std::string_view text) {
    if (holds_options(name))
        if (const auto option = leads_elsewhere(text); !option.empty()) {
            left_.push_back({name, fmt::format("its {} is not what was restored into", option)});
            return false;
        }
    fs::path place;
    try {
        if (put_in_place(name, text, place)) {
            placed_.push_back(
                {place, holds_options(name) ? machine_options(text) : std::vector<std::string>()});
            return true;
        }
    } catch (const std::system_error& fault) {
        left_.push_back({name, fmt::format("{}: {}", place.string(), fault.code().message())});
        return false;
    }
    // In the folder of the data, both names are of one file.
    const auto is_it = [&](const Placed& one) {
        return one.file == place;
    };
    if (std::any_of(placed_.begin(), placed_.end(), is_it)) return true;
    left_.push_back(
        {name, place.empty() ? "no place of it is known here" : fmt::format("{} is there", place.string())});
    return false;
}

}  // namespace bb::app
