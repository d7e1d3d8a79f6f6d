#include "operations/watch/doctor/subject.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <system_error>

namespace bb::watch {

namespace fs = std::filesystem;

/// Holds no .env file.
constexpr const char* no_folder = "/proc/self/fdinfo";

Options options_despite_faults(config::Environment environment, const std::string& folder) {
    auto loaded = config::Config::load(environment, folder);
    if (loaded) return {std::move(*loaded), {}};
    const auto faults = loaded.error().fields;
    for (const auto& fault : faults) {
        auto name = fault.pointer;
        if (name.ends_with("_FILE")) name.resize(name.size() - 5);
        if (!config::find_option(name)) continue;
        environment[name].clear();  // which asks for the default, whatever a file says
        environment.erase(name + "_FILE");
    }
    if (auto rest = config::Config::load(environment, folder)) return {std::move(*rest), faults};
    // Options that are of use only together, then a file that cannot be read at all.
    for (const char* name : {"GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "BACKUP_TO"})
        environment[name].clear();
    if (auto rest = config::Config::load(environment, folder)) return {std::move(*rest), faults};
    if (auto rest = config::Config::load(environment, no_folder)) return {std::move(*rest), faults};
    return {*config::Config::load({}, no_folder), faults};
}

std::optional<ProcessOptions> options_of_process(int pid) {
    if (pid <= 0) return std::nullopt;
    const fs::path process = fmt::format("/proc/{}", pid);
    std::error_code failed;
    ProcessOptions options;
    options.folder = fs::read_symlink(process / "cwd", failed);
    std::ifstream in(process / "environ", std::ios::binary);
    if (failed || !in) return std::nullopt;
    const std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    for (std::size_t at = 0; at < all.size();) {
        const auto end = std::min(all.find('\0', at), all.size());
        const auto entry = all.substr(at, end - at);
        if (const auto sign = entry.find('='); sign != std::string::npos)
            options.environment[entry.substr(0, sign)] = entry.substr(sign + 1);
        at = end + 1;
    }
    if (options.environment.empty()) return std::nullopt;
    return options;
}

std::string service_command(const char* verb) {
    for (const char* unit : {"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"})
        if (std::error_code failed; fs::exists(fs::path(unit) / "brainbytes.service", failed))
            return fmt::format("systemctl {} brainbytes", verb);
    if (std::string_view(verb) == "start") return "brainbytes serve";
    return "stop the server with Ctrl-C or kill -TERM, then brainbytes serve";
}

std::string sql_command(const Subject& subject, const std::string& sql) {
    const auto where = subject.home.managed ? subject.home.superuser_conninfo : std::string("$DATABASE_URL");
    return fmt::format("psql \"{}\" -c \"{}\"", where, sql);
}

}  // namespace bb::watch
