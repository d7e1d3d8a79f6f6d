#include "operations/deploy/schema_back.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "base/db/servers.hpp"
#include "operations/release/kept.hpp"

namespace bb::deploy {

std::filesystem::path newest_program(const std::filesystem::path& data) {
    const auto current = release::KeptReleases(data / "releases").current();
    return current ? current->folder / "brainbytes" : std::filesystem::path("/proc/self/exe");
}

boost::json::object migrations_of(const Surroundings& around) {
    const auto status = parse_json(around.output_of(
        "/proc/self/exe", {"db", "status", "--json"}, [] {}, true));
    if (!status || !status->is_object())
        throw std::runtime_error("The migrations of the database cannot be read.");
    return status->get_object();
}

std::string SchemaGap::reason(const std::string& release) const {
    return fmt::format(
        "{0} knows the schema up to {1}, and migration {2} has taken something away that it needs. It runs "
        "after "
        "\"brainbytes db rollback --to {1}\", which says what that loses; the schema is {3} minutes old.",
        release, to, migration, minutes);
}

std::string SchemaGap::text(const std::string& release) const {
    return fmt::format("{} \"brainbytes rollback --to {} --accept-data-loss {}\" does both.", reason(release),
                       release, minutes);
}

std::string SchemaGap::lost(const std::vector<std::string>& gone, const std::string& release) const {
    return fmt::format("Needs a restore: migration {} dropped {}, and {} needs the content.", migration,
                       fmt::join(gone, ", "), release);
}

std::optional<SchemaGap> schema_gap(const boost::json::object& status, int latest) {
    std::optional<SchemaGap> gap;
    Time first = now();
    for (const auto& one : status.at("migrations").as_array()) {
        const auto& migration = one.as_object();
        const auto number = static_cast<int>(migration.at("number").as_int64());
        if (migration.at("appliedAt").is_null() || number <= latest) continue;
        const auto applied = parse_rfc3339(std::string(migration.at("appliedAt").as_string()));
        first = std::min(first, applied.value_or(first));
        if (!gap && migration.at("phase").as_string() == "contract")
            gap = SchemaGap{number, latest, applied.value_or(now())};
    }
    if (gap) gap->minutes = std::chrono::ceil<std::chrono::minutes>(now() - first).count();
    return gap;
}

std::optional<SchemaGap> schema_gap(const std::filesystem::path& data, const release::About& about) {
    const Control control(data);
    return schema_gap(migrations_of(surroundings_of(control)), about.schema_max);
}

bool is_resting(const std::filesystem::path& data) {
    try {
        return Control(data).ask("status").at("resting").as_bool();
    } catch (const std::exception&) {
        return false;
    }
}

namespace {

/// Those servers in what "db rollback --dry-run" tells that the supervisor has not started.
std::vector<std::string> elsewhere(const Control& control, const boost::json::object& told) {
    std::vector<std::string> found;
    const auto* servers = told.if_contains("servers");
    if (!servers) return found;  // a release before told none
    std::set<std::string> own;
    const auto status = control.ask("status");
    for (const auto& process : status.at("processes").as_array())
        own.insert(std::to_string(process.as_int64()));
    for (const auto& one : servers->as_array()) {
        const auto text = [&one](const char* name) {
            return std::string(one.as_object().at(name).as_string());
        };
        const db::ConnectedServer server{text("process"), text("host"), text("from")};
        if (server.host != db::server_host() || !own.contains(server.process)) found.push_back(server.text());
    }
    return found;
}

}  // namespace

std::vector<std::string> gone_for_good(const boost::json::object& told) {
    std::vector<std::string> found;
    for (const auto& one : told.at("rolledBack").as_array()) {
        const auto* migration = one.if_object();
        const auto* gone =
            migration ? migration->if_contains("gone") : nullptr;  // a release before told none
        if (!gone) continue;
        for (const auto& what : gone->as_array()) found.emplace_back(what.as_string());
    }
    return found;
}

WayBack way_back(const std::filesystem::path& data, int to) {
    const Control control(data);
    WayBack way;
    way.losses = surroundings_of(control).output_of(
        newest_program(data), {"db", "rollback", "--to", std::to_string(to), "--dry-run", "--json"}, [] {});
    const auto told = parse_json(way.losses);
    if (!told || !told->is_object()) throw std::runtime_error("What is lost cannot be read: " + way.losses);
    way.gone = gone_for_good(told->get_object());
    way.elsewhere = elsewhere(control, told->get_object());
    return way;
}

}  // namespace bb::deploy
