#include <fcntl.h>
#include <fmt/format.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/core/crypto.hpp"
#include "base/db/cluster.hpp"
#include "base/db/cluster_process.hpp"
#include "base/db/cluster_settings.hpp"

namespace bb::db {
namespace {

namespace fs = std::filesystem;

// sun_path holds 108 bytes with the final zero; PostgreSQL appends "/.s.PGSQL.5432".
constexpr std::size_t longest_socket_folder = 107 - sizeof("/.s.PGSQL.5432") + 1;

void require_success(const Finished& finished, std::string_view what) {
    if (finished.code == 0) return;
    auto output = finished.output;
    if (output.size() > 2000) output.erase(0, output.size() - 2000);
    throw std::runtime_error(fmt::format("{} failed (exit code {}):\n{}", what, finished.code, output));
}

/// Letters sort by code point (stable for ever), and upper and lower case know all of Unicode.
std::string letters() {
    const locale_t found = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (!found) return "C";
    freelocale(found);
    return "C.UTF-8";
}

void sync_folder(const fs::path& folder) {
    const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

}  // namespace

void create_cluster(const fs::path& data, const fs::path& binaries, bool durable) {
    const auto unfinished = data / "postgres.new";
    fs::remove_all(unfinished);
    std::vector<std::string> command = {
        binaries / "initdb",       "--pgdata=" + unfinished.string(),
        "--encoding=UTF8",         "--locale=C",
        "--lc-ctype=" + letters(), "--text-search-config=english",
        "--data-checksums",        "--auth-local=peer",
        "--auth-host=reject",      fmt::format("--username={}", cluster_superuser),
        "--no-instructions"};
    if (!durable) command.push_back("--no-sync");
    require_success(run_program(command, data), "Creating the private database");
    const auto sql = fmt::format("CREATE ROLE {0} LOGIN CREATEDB;\nCREATE DATABASE {1} OWNER {0};\n",
                                 cluster_role, cluster_database);
    const auto sync = durable ? "fsync=on" : "fsync=off";
    const auto single =
        run_program({binaries / "postgres", "--single", "-c", sync, "-c", "log_checkpoints=off", "-c",
                     "exit_on_error=on", "-D", unfinished, cluster_superuser},
                    data, sql);
    require_success(single, "Preparing the private database");
    fs::rename(unfinished, data / "postgres");
    if (durable) sync_folder(data);
}

fs::path socket_folder(const fs::path& data) {
    auto inside = data / "run";
    if (inside.string().size() <= longest_socket_folder) return inside;
    const auto name =
        fmt::format("brainbytes-{}-{}", geteuid(), crypto::hex(crypto::sha256(data.string())).substr(0, 12));
    const auto folder = fs::path("/tmp") / name;
    struct stat status;
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        throw std::runtime_error(fmt::format("{} cannot be made: {}", folder.string(), std::strerror(errno)));
    if (lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & 077) != 0)
        throw std::runtime_error(fmt::format(
            "{} is needed for the database's socket and does not belong to this account alone. Remove it.",
            folder.string()));
    return folder;
}

}  // namespace bb::db
