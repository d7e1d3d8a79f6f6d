#include "operations/release/kept.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/core/uuid.hpp"
#include "operations/release/package.hpp"

namespace bb::release {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_of_a_text = 64 * 1024;

std::optional<std::string> read_text(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::nullopt;
    std::string text(most_of_a_text, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

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
    const auto keys = this->keys();
    if (!keys) return keys.error();
    const auto known =
        std::any_of(keys->begin(), keys->end(), [&](const auto& key) { return text_of(key.id) == id; });
    if (!known || !fs::remove(folder_ / (id + ".pub")))
        return Error(ErrorCode::not_found, fmt::format("No key {} is trusted here.", id));
    return {};
}

Result<About> check_release(const fs::path& archive, const std::vector<TrustedKey>& trusted) {
    if (!fs::is_regular_file(archive))
        return Error(ErrorCode::not_found, fmt::format("There is no file {}.", archive.string()));
    if (trusted.empty())
        return Error(ErrorCode::forbidden,
                     "No key of releases is trusted here yet: \"brainbytes release trust FILE.pub\".");
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

Result<KeptRelease> KeptReleases::install(const fs::path& archive, const std::vector<TrustedKey>& trusted,
                                          bool may_be_older) const {
    auto about = check_release(archive, trusted);
    if (!about) return about.error();
    const auto now_current = current();
    if (!may_be_older && now_current && about->committed_at < now_current->about.committed_at)
        return Error(
            ErrorCode::forbidden,
            fmt::format("{} is older than {}, which runs here. To go back, use the kept release; to install "
                        "an older one all the same, add --older.",
                        about->name(), now_current->about.name()));
    const auto folder = folder_ / about->name();
    if (!fs::exists(folder)) {
        fs::create_directories(folder_);
        const auto unfinished = folder_ / (".unfinished-" + Uuid::make().text());
        const auto unpacked = unpack(archive, unfinished);
        if (!unpacked) {
            fs::remove_all(unfinished);
            return unpacked.error();
        }
        fs::rename(unfinished, folder);
    }
    return find(about->name());
}

std::vector<KeptRelease> KeptReleases::list() const {
    std::vector<KeptRelease> releases;
    std::error_code none;
    const auto linked = fs::read_symlink(folder_ / "current", none).filename();
    for (const auto& entry : fs::directory_iterator(folder_, none)) {
        const auto name = entry.path().filename();
        if (entry.is_symlink() || name.string()[0] == '.') continue;
        const auto text = read_text(entry.path() / "release.json");
        const auto about = text ? about_from(*text) : Result<About>(Error(ErrorCode::malformed, ""));
        if (!about || about->name() != name.string()) continue;
        releases.push_back({*about, entry.path(), changed_at(entry.path()), name == linked});
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
    for (auto& one : list())
        if (one.current) return one;
    return std::nullopt;
}

std::vector<KeptRelease> KeptReleases::superfluous(std::size_t keep) const {
    auto releases = list();
    std::sort(releases.begin(), releases.end(),
              [](const auto& a, const auto& b) { return a.installed_at > b.installed_at; });
    std::vector<KeptRelease> gone;
    for (std::size_t i = keep; i < releases.size(); ++i)
        if (!releases[i].current) gone.push_back(releases[i]);
    return gone;
}

void KeptReleases::remove(const KeptRelease& release) const {
    // Out of sight first: what is half removed is no release.
    const auto aside = folder_ / (".unfinished-" + Uuid::make().text());
    fs::rename(release.folder, aside);
    fs::remove_all(aside);
}

}  // namespace bb::release
