#include "base/db/home.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>

#include "base/core/crypto.hpp"
#include "base/core/file_lock.hpp"
#include "base/core/privileges.hpp"
#include "base/db/cluster.hpp"
#include "base/db/found_home.hpp"
#include "base/db/transport.hpp"

namespace bb::db {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& words) {
    throw std::runtime_error(words);
}

constexpr const char* mark_name = "run/brainbytes";

/// Whether a server or a command of ours has used `folder`: what it leaves there at its first start.
bool is_ours(const fs::path& folder) {
    // /var/run, a link to where everybody's locks are, must not speak for /var.
    if (!fs::is_symlink(folder / "run"))
        for (const char* name : {mark_name, "run/server.lock", "run/cluster.lock", "run/restore.lock"})
            if (fs::is_regular_file(folder / name)) return true;
    return fs::is_regular_file(folder / "postgres/PG_VERSION");
}

bool holds_only(const fs::path& folder, std::string_view extension) {
    const fs::directory_iterator files(folder);
    return std::all_of(begin(files), end(files),
                       [&](const auto& file) { return file.path().extension() == extension; });
}

/// What commands leave before there was a server: keys that are trusted, releases, what is known of stages,
/// how names were moved (which must not depend on a mark that a full disk refuses).
bool is_of_commands(const fs::path& path) {
    const auto name = path.filename();
    if (fs::is_symlink(path)) return false;
    if (!fs::is_directory(path)) return name == "dns-change.json" || name == "dns-change.lock";
    if (name == "run") return fs::is_empty(path);  // another command is just about to leave its mark in it
    if (name == "trust") return holds_only(path, ".pub");
    if (name == "stages") return holds_only(path, ".jsonl");
    if (name == "verifications") return holds_only(path, ".json");
    const auto releases = path.parent_path() / "releases";
    return (name == "releases" || name == "assets") &&
           (fs::exists(releases / ".lock") || fs::exists(releases / ".deploy-lock"));
}

bool is_vacant(const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().filename() != "lost+found" &&  // of a volume that was just made
            !is_of_commands(entry.path()))
            return false;
    return true;
}

/// Also a command that has no use for the database leaves a folder that the next one knows.
void mark(const fs::path& folder) {
    if (is_ours(folder)) return;
    fs::create_directories(folder / "run");
    fs::permissions(folder / "run", fs::perms::owner_all);
    if (!std::ofstream(folder / mark_name))
        fail(fmt::format("Nothing can be written into {}.", folder.string()));
    for (const auto& made : {folder / "run", folder / mark_name}) privileges::give_to_owner_around(made);
}

/// Nothing is given away, closed to others or filled that somebody uses for something else.
void refuse_foreign(const fs::path& folder) {
    if (!fs::is_directory(folder) || is_ours(folder) || is_vacant(folder)) return;
    if (is_ours(folder)) return;  // since we looked
    fail(fmt::format(
        "The folder {} holds other things and nothing of BrainBytes: it is left alone. Choose a new or an "
        "empty folder as BRAINBYTES_DATA.",
        folder.string()));
}

/// Hands everything of root's inside `folder` to `account`; what belongs to others stays theirs.
void hand_over(const fs::path& folder, const privileges::Account& account) {
    const auto give = [&](const fs::path& path) {
        struct stat status;
        if (lstat(path.c_str(), &status) == 0 && status.st_uid == 0 &&
            lchown(path.c_str(), account.uid, account.gid) != 0)
            fail(fmt::format("{} cannot be given to {}: {}", path.string(), account.label(),
                             std::strerror(errno)));
    };
    for (const auto& entry : fs::recursive_directory_iterator(folder)) give(entry.path());
    give(folder);
}

/// Absolute, and without a slash at its end.
fs::path full_path(const std::string& wanted) {
    auto data = fs::absolute(wanted).lexically_normal();
    return data.has_filename() ? data : data.parent_path();
}

/// Used where the unprivileged account cannot reach `data`.
fs::path instead_of(const fs::path& data) {
    const auto hash = crypto::hex(crypto::sha256(data.string())).substr(0, 12);
    return fs::path("/var/lib/brainbytes") / hash;
}

/// As root: where the data goes and as whom; ends as that account.
fs::path settle_as_root(fs::path data, const Home::Say& say) {
    auto account = privileges::unprivileged_for(data);
    if (!privileges::can_reach(account, data)) {
        const auto instead = instead_of(data);
        say(fmt::format("The account {} may not enter the folders above {}; the data is kept in {}.",
                        account.label(), data.string(), instead.string()));
        data = instead;
        account = privileges::unprivileged_for(data);
    }
    refuse_foreign(data);
    struct stat status;
    const bool fresh = stat(data.c_str(), &status) != 0;
    if (fresh) fs::create_directories(data);
    if (fresh || status.st_uid == 0) hand_over(data, account);
    privileges::drop_to(account);
    return data;
}

/// The folder that is used, made, private, and reachable by this account.
fs::path settle(const std::string& wanted, const Home::Say& say) {
    auto data = full_path(wanted);
    if (privileges::is_root()) data = settle_as_root(data, say);
    std::error_code failed;
    fs::create_directories(data, failed);
    struct stat status;
    if (failed || stat(data.c_str(), &status) != 0)
        fail(fmt::format("The data folder {} cannot be made: {}. Choose another BRAINBYTES_DATA.",
                         data.string(), failed ? failed.message() : std::strerror(errno)));
    if (status.st_uid != geteuid())
        fail(fmt::format(
            "The data folder {} belongs to another account (number {}). Run brainbytes as that account "
            "or as root, or choose another BRAINBYTES_DATA.",
            data.string(), status.st_uid));
    refuse_foreign(data);
    fs::permissions(data, fs::perms::owner_all);
    mark(data);
    return data;
}

/// settle(), told in `config` too.
fs::path settle_in(config::Config& config, const Home::Say& say) {
    auto data = settle(config.text("BRAINBYTES_DATA"), say);
    config.set("BRAINBYTES_DATA", data.string(), config.value("BRAINBYTES_DATA").origin);
    return data;
}

std::string holder_of(const fs::path& lock) {
    std::ifstream in(lock);
    std::string pid;
    in >> pid;
    return pid.empty() ? std::string("unknown") : pid;
}

std::string already_running(const fs::path& data, const fs::path& lock) {
    return fmt::format("already running on {}, process {}.", data.string(), holder_of(lock));
}

/// The server of a data folder; 0: none.
int process_that_holds(const fs::path& data) {
    const auto file = data / "run/server.lock";
    if (!fs::exists(file) || FileLock::try_take(file, FileLock::Kind::shared)) return 0;
    return std::atoi(holder_of(file).c_str());
}

FileLock lock_for_server(const fs::path& data) {
    const auto file = data / "run/server.lock";
    fs::create_directories(data / "run");
    fs::permissions(data / "run", fs::perms::owner_all);
    auto lock = FileLock::try_take(file, FileLock::Kind::exclusive);
    if (!lock) fail(already_running(data, file));
    lock->write(fmt::format("{}\n", getpid()));
    return std::move(*lock);
}

}  // namespace

struct Home::Impl {
    fs::path data;
    std::string url;
    std::optional<FileLock> server;
    std::optional<ManagedCluster> cluster;
};

Home::Home(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Home::Home(Home&&) noexcept = default;
Home::~Home() = default;

Result<Home> Home::open(config::Config& config, Use use, const Say& say) {
    auto impl = std::make_unique<Impl>();
    try {
        const bool was_root = privileges::is_root();
        impl->data = settle_in(config, say);
        if (use == Use::server) {
            if (was_root) say(fmt::format("Running as {} instead of root.", privileges::current().label()));
            impl->server = lock_for_server(impl->data);
        }
        if (config.is_set("DATABASE_URL")) {
            impl->url = with_bounded_silence(with_verified_tls(config.text("DATABASE_URL")));
            const auto warning = transport_warning(impl->url);
            if (!warning.empty() && use == Use::server) say(warning);
        } else {
            ManagedCluster::Options options;
            options.data = impl->data;
            options.say = say;
            impl->cluster.emplace(std::move(options));
            if (use == Use::server) impl->cluster->supervise();
        }
    } catch (const std::exception& failure) {
        return Error(ErrorCode::unavailable, failure.what());
    }
    return Home(std::move(impl));
}

void Home::enter(config::Config& config, const Say& say) {
    settle_in(config, say);
}

void mark_data_folder(const config::Config& config) {
    const auto data = full_path(config.text("BRAINBYTES_DATA"));
    if (fs::create_directories(data)) fs::permissions(data, fs::perms::owner_all);
    if (is_vacant(data)) mark(data);
}

fs::path data_folder(const config::Config& config) {
    auto data = full_path(config.text("BRAINBYTES_DATA"));
    const bool reached =
        !privileges::is_root() || privileges::can_reach(privileges::unprivileged_for(data), data);
    return reached ? data : instead_of(data);
}

FoundHome find_home(const config::Config& config) {
    FoundHome found;
    found.data = data_folder(config);
    found.managed = !config.is_set("DATABASE_URL");
    if (!found.managed) {
        found.conninfo = with_bounded_silence(with_verified_tls(config.text("DATABASE_URL")));
        found.superuser_conninfo = found.conninfo;
    } else if (auto running = find_cluster(found.data)) {
        found.conninfo = std::move(running->conninfo);
        found.superuser_conninfo = std::move(running->superuser_conninfo);
    }
    std::error_code unreadable;
    if (fs::is_directory(found.data / "run", unreadable))
        found.server_process = process_that_holds(found.data);
    return found;
}

std::optional<Error> Home::taken(const config::Config& config) {
    const auto data = fs::absolute(config.text("BRAINBYTES_DATA")).lexically_normal();
    const auto file = data / "run/server.lock";
    std::error_code unreadable;
    if (!fs::exists(file, unreadable) || FileLock::try_take(file, FileLock::Kind::shared))
        return std::nullopt;
    return Error(ErrorCode::unavailable, already_running(data, file));
}

const fs::path& Home::data() const {
    return impl_->data;
}
std::string Home::conninfo() const {
    return impl_->cluster ? impl_->cluster->conninfo() : impl_->url;
}
std::optional<std::string> Home::superuser_conninfo() const {
    if (!impl_->cluster) return std::nullopt;
    return impl_->cluster->superuser_conninfo();
}
bool Home::managed() const {
    return impl_->cluster.has_value();
}

int Home::server_process() const {
    return impl_->server ? getpid() : process_that_holds(impl_->data);
}

void Home::close() {
    impl_->cluster.reset();
}

void say_on_stderr(std::string_view words) {
    std::cerr << "brainbytes: " << words << std::endl;
}

}  // namespace bb::db
