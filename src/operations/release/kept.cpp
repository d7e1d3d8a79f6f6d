#include "operations/release/kept.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/core/file_lock.hpp"
#include "base/core/new_file.hpp"
#include "base/core/uuid.hpp"
#include "operations/release/package.hpp"

namespace bb::release {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_of_a_text = 64 * 1024;
constexpr std::string_view unfinished_mark = ".unfinished-";
constexpr const char* current_link = "current";
constexpr const char* signature_file = "archive.minisig";
constexpr const char* hash_file = "archive.blake2b";
constexpr const char* no_key_yet =
    "No key of releases is trusted here yet: \"brainbytes release trust FILE.pub\".";

std::optional<std::string> read_text(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::nullopt;
    std::string text(most_of_a_text, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

/// A folder for what is under way, gone with it.
struct Unfinished {
    explicit Unfinished(const fs::path& folder)
        : path(folder / (std::string(unfinished_mark) + Uuid::make().text())) {
        fs::create_directory(path);
        fs::permissions(path, fs::perms::owner_all);
    }
    ~Unfinished() {
        std::error_code left;  // the next installation removes it
        fs::remove_all(path, left);
    }
    Unfinished(const Unfinished&) = delete;

    const fs::path path;
};

Time changed_at(const fs::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return {};
    return Time(std::chrono::duration_cast<Time::duration>(std::chrono::seconds(info.st_mtim.tv_sec) +
                                                           std::chrono::nanoseconds(info.st_mtim.tv_nsec)));
}

}  // namespace

Result<std::vector<TrustedKey>> Trust::keys() const {
    std::vector<TrustedKey> keys;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder_, none)) {
        if (entry.path().extension() != ".pub") continue;
        auto key = read_trusted_key(entry.path());
        if (!key) return key.error();
        keys.push_back(*key);
    }
    return keys;
}

Result<TrustedKey> Trust::add(const fs::path& file) const {
    auto key = read_trusted_key(file);
    if (!key) return key;
    fs::create_directories(folder_);
    fs::copy_file(file, folder_ / (text_of(key->id) + ".pub"), fs::copy_options::overwrite_existing);
    return key;
}

Result<void> Trust::remove(const std::string& id) const {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder_, none)) {
        const auto key = read_trusted_key(entry.path());
        if (!key || text_of(key->id) != id) continue;
        fs::remove(entry.path());
        return {};
    }
    return Error(ErrorCode::not_found, fmt::format("No key {} is trusted here.", id));
}

Result<About> check_release(const fs::path& archive, const std::vector<TrustedKey>& trusted) {
    if (!fs::is_regular_file(archive))
        return Error(ErrorCode::not_found, fmt::format("There is no file {}.", archive.string()));
    if (trusted.empty()) return Error(ErrorCode::forbidden, no_key_yet);
    const auto signature = read_text(archive.string() + ".minisig");
    if (!signature)
        return Error(ErrorCode::forbidden,
                     fmt::format("{} is not signed: there is no {}.minisig beside it.",
                                 archive.filename().string(), archive.filename().string()));
    if (auto good = verify(archive, *signature, trusted); !good) return good.error();
    auto about = read_about(archive);
    if (!about) return about;
    if (const auto here = about_this_program().target; about->target != here)
        return Error(ErrorCode::forbidden, fmt::format("{} is for {}, and this host is {}.",
                                                       archive.filename().string(), about->target, here));
    return about;
}

Result<void> check_kept(const KeptRelease& release, const std::vector<TrustedKey>& trusted) {
    if (trusted.empty()) return Error(ErrorCode::forbidden, no_key_yet);
    const auto name = release.about.name();
    const auto signature = read_text(release.folder / signature_file);
    if (!signature)
        return Error(ErrorCode::forbidden,
                     fmt::format("{} is kept here without its signature: deploy its archive.", name));
    if (auto good = verify_hash(name, release.hash, *signature, trusted); !good) return good.error();
    return {};
}

Result<KeptRelease> KeptReleases::install(const fs::path& archive, const std::vector<TrustedKey>& trusted,
                                          bool may_be_older) const {
    if (auto seen = check_release(archive, trusted); !seen) return seen.error();
    fs::create_directories(folder_);
    const auto lock = FileLock::try_take(folder_ / ".lock", FileLock::Kind::exclusive);
    if (!lock) return Error(ErrorCode::conflict, "Another release is being installed or removed here.");
    remove_unfinished();
    const Unfinished unfinished(folder_);
    // What is checked is what is unpacked: nobody else writes to the copy.
    const auto copy = unfinished.path / "archive";
    fs::copy_file(archive, copy);
    fs::copy_file(archive.string() + ".minisig", copy.string() + ".minisig");
    auto about = check_release(copy, trusted);
    if (!about) return about.error();
    const auto kept = list();
    if (!may_be_older && !kept.empty() && about->committed_at < kept.front().about.committed_at)
        return Error(
            ErrorCode::forbidden,
            fmt::format("{} is older than {}, which is kept here. To install it all the same, add --older.",
                        about->name(), kept.front().about.name()));
    const auto hash = signed_hash(copy);
    if (auto same = must_be_same(about->name(), hash); !same) return same.error();
    const auto folder = folder_ / about->name();
    if (!fs::exists(folder)) {
        const auto fresh = unfinished.path / "release";
        const auto unpacked = unpack(copy, fresh);
        if (!unpacked) return unpacked.error();
        write_new_file(fresh / hash_file, hash + '\n', 0644);
        fs::rename(copy.string() + ".minisig", fresh / signature_file);
        fs::rename(fresh, folder);
    } else if (read_text(copy.string() + ".minisig") != read_text(folder / signature_file)) {
        fs::rename(copy.string() + ".minisig", folder / signature_file);
    }
    return find(about->name());
}

Result<void> KeptReleases::must_be_same(const std::string& name, const std::string& hash) const {
    const auto kept = list();
    const auto same =
        std::find_if(kept.begin(), kept.end(), [&](const auto& one) { return one.about.name() == name; });
    if (same == kept.end() || same->hash == hash) return {};
    return Error(ErrorCode::conflict,
                 fmt::format("Another archive of {} is kept here, with other content: a name stands for one "
                             "content. Commit the change, and build the release of that commit.",
                             name));
}

void KeptReleases::remove_unfinished() const {
    std::vector<fs::path> left;
    for (const auto& entry : fs::directory_iterator(folder_))
        if (entry.path().filename().string().rfind(unfinished_mark, 0) == 0) left.push_back(entry.path());
    for (const auto& one : left) fs::remove_all(one);
}

std::vector<KeptRelease> KeptReleases::list() const {
    std::vector<KeptRelease> releases;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder_, none)) {
        const auto name = entry.path().filename();
        if (entry.is_symlink() || name.string()[0] == '.') continue;
        const auto text = read_text(entry.path() / "release.json");
        const auto about = text ? about_from(*text) : Result<About>(Error(ErrorCode::malformed, ""));
        if (!about || about->name() != name.string()) continue;
        auto hash = read_text(entry.path() / hash_file).value_or("");
        if (hash.ends_with('\n')) hash.pop_back();
        releases.push_back({*about, entry.path(), changed_at(entry.path()), std::move(hash)});
    }
    std::sort(releases.begin(), releases.end(),
              [](const auto& a, const auto& b) { return a.about.committed_at > b.about.committed_at; });
    return releases;
}

Result<KeptRelease> KeptReleases::find(const std::string& name) const {
    std::vector<KeptRelease> found;
    for (auto& one : list())
        if (one.about.name() == name || (name.size() >= 7 && one.about.commit.rfind(name, 0) == 0))
            found.push_back(std::move(one));
    if (found.size() == 1) return found.front();
    return Error(ErrorCode::not_found,
                 fmt::format("No release {} is kept here: \"brainbytes release list\".", name));
}

std::optional<KeptRelease> KeptReleases::current() const {
    std::error_code none;
    const auto name = fs::read_symlink(folder_ / current_link, none).filename();
    for (auto& one : list())
        if (one.about.name() == name.string()) return one;
    return std::nullopt;
}

void KeptReleases::set_current(const std::string& name) const {
    const auto next = folder_ / ".next";
    fs::remove(next);
    fs::create_symlink(name, next);
    fs::rename(next, folder_ / current_link);
}

Result<std::vector<KeptRelease>> KeptReleases::prune(std::size_t keep, const std::vector<std::string>& needed,
                                                     bool dry_run) const {
    if (!fs::exists(folder_)) return std::vector<KeptRelease>();
    const auto lock = FileLock::try_take(folder_ / ".lock", FileLock::Kind::exclusive);
    if (!lock) return Error(ErrorCode::conflict, "Another release is being installed or removed here.");
    auto releases = list();
    if (releases.size() <= keep) return std::vector<KeptRelease>();
    std::sort(releases.begin(), releases.end(),
              [](const auto& a, const auto& b) { return a.installed_at > b.installed_at; });
    releases.erase(releases.begin(), releases.begin() + static_cast<std::ptrdiff_t>(keep));
    if (const auto runs = current())
        std::erase_if(releases, [&](const auto& one) { return one.folder == runs->folder; });
    std::erase_if(releases, [&](const auto& one) {
        return std::find(needed.begin(), needed.end(), one.about.name()) != needed.end();
    });
    if (dry_run) return releases;
    for (const auto& one : releases) {
        // Out of sight first: what is half removed is no release.
        const Unfinished aside(folder_);
        fs::rename(one.folder, aside.path / "release");
    }
    return releases;
}

}  // namespace bb::release
