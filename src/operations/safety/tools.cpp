#include "operations/safety/tools.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "base/db/cluster_binaries.hpp"
#include "base/db/resolve.hpp"

namespace bb::safety {
namespace {

/// `settings` as keywords, without the keyword `left_out`.
std::string keywords(const db::ConnectionSettings& settings, std::string_view left_out) {
    std::string text;
    for (const auto& [name, value] : settings) {
        if (name == left_out) continue;
        text += text.empty() ? "" : " ";
        text += name + "='";
        for (const char c : value) {
            if (c == '\\' || c == '\'') text += '\\';
            text += c;
        }
        text += '\'';
    }
    return text;
}

db::ConnectionSettings settings_for(const std::string& conninfo, std::string_view database) {
    auto settings = db::settings_of(conninfo);
    if (database.empty()) return settings;
    std::erase_if(settings, [](const auto& one) { return one.first == "dbname"; });
    settings.emplace_back("dbname", database);
    return settings;
}

}  // namespace

std::string tool_path(std::string_view program, int server_major) {
    for (const auto& installed : db::installed_binaries()) {
        const auto path = installed.folder / program;
        if (installed.major >= server_major && std::filesystem::exists(path)) return path;
    }
    throw std::runtime_error(
        fmt::format("{} of PostgreSQL {} or newer is not installed. Install the package "
                    "postgresql-client-{}.",
                    program, server_major, server_major));
}

ToolConnection for_tools(const std::string& conninfo, std::string_view database) {
    const auto settings = settings_for(conninfo, database);
    ToolConnection connection{keywords(settings, "password"), {}};
    for (const auto& [name, value] : settings)
        if (name == "password") connection.environment.push_back("PGPASSWORD=" + value);
    return connection;
}

std::string with_database(const std::string& conninfo, std::string_view database) {
    return keywords(settings_for(conninfo, database), "");
}

std::string with_role(const std::string& conninfo, std::string_view role) {
    auto settings = db::settings_of(conninfo);
    std::erase_if(settings, [](const auto& one) { return one.first == "user"; });
    settings.emplace_back("user", role);
    return keywords(settings, "");
}

}  // namespace bb::safety
