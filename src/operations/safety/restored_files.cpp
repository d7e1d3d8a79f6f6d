#include "operations/safety/restored_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "operations/safety/folder_store.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_settings = 16u << 20;  // of a file with settings

/// A new file that is on the disk when it is closed well.
class NewFile {
public:
    explicit NewFile(const fs::path& file)
        : fd_(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
        if (fd_ < 0) fail();
    }
    ~NewFile() { ::close(fd_); }
    NewFile(const NewFile&) = delete;

    void write(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) fail();
            bytes.remove_prefix(static_cast<std::size_t>(put));
        }
    }

private:
    [[noreturn]] static void fail() {
        throw std::system_error(errno, std::generic_category(), "a restored file");
    }
    int fd_;
};

/// "files/<owner>/<digest>" as create_backup() packs files.
std::optional<blobs::Stored> packed_file(std::string_view name) {
    if (!name.starts_with("files/")) return std::nullopt;
    return stored_name(name.substr(6));
}

/// "settings/.env", "settings/trust/KEY.pub"; empty: it is none, or would lie elsewhere.
std::string packed_setting(std::string_view name) {
    if (!name.starts_with("settings/")) return {};
    const fs::path path(name.substr(9));
    for (const auto& step : path)
        if (step.empty() || step == "." || step == ".." || path.is_absolute()) return {};
    return path.string();
}

}  // namespace

std::optional<blobs::Stored> stored_name(std::string_view name) {
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto owner = Uuid::parse(name.substr(0, slash));
    const auto digest = crypto::parse_digest(name.substr(slash + 1));
    if (!owner || !digest) return std::nullopt;
    return blobs::Stored{*owner, *digest};
}

RestoredFiles::RestoredFiles(const fs::path& data, std::shared_ptr<const blobs::Stores> stores)
    : data_(data), staging_(data / "files.restoring"), stores_(std::move(stores)) {
    fs::remove_all(staging_);
    fs::create_directory(staging_);
    fs::permissions(staging_, fs::perms::owner_all);
}

RestoredFiles::~RestoredFiles() {
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
}

fs::path RestoredFiles::staged(const Stored& file) const {
    return staging_ / (file.owner.text() + "-" + crypto::hex(file.digest));
}

void RestoredFiles::unpack(std::shared_ptr<http::FileSource> part) {
    TarReader tar(std::move(part));
    while (const auto entry = tar.next()) {
        const std::string_view name = entry->name;
        if (name == "secret") {
            secret_ = tar.read_all(most_settings);
        } else if (const auto setting = packed_setting(name); !setting.empty()) {
            settings_.emplace_back(setting, tar.read_all(most_settings));
        } else if (const auto file = packed_file(name)) {
            stage(*file, tar);
        } else {
            throw std::runtime_error(fmt::format("the backup holds something unknown, {}", name));
        }
    }
}

void RestoredFiles::stage(const Stored& file, TarReader& tar) {
    NewFile out(staged(file));
    std::string chunk(128 * 1024, '\0');
    while (const auto got = tar.read(chunk.data(), chunk.size()))
        out.write(std::string_view(chunk).substr(0, got));
    files_.insert(file);
}

void RestoredFiles::take(std::shared_ptr<http::FileSource> part, std::set<Stored>& wanted) {
    TarReader tar(std::move(part));
    while (!wanted.empty()) {
        const auto entry = tar.next();
        if (!entry) return;
        const auto file = packed_file(entry->name);
        if (!file || !wanted.contains(*file)) continue;
        try {
            stage(*file, tar);
        } catch (...) {
            fs::remove(staged(*file));
            throw;
        }
        wanted.erase(*file);
    }
}

void RestoredFiles::forget(const std::set<Uuid>& owners) {
    std::erase_if(files_, [&](const Stored& file) {
        if (!owners.contains(file.owner)) return false;
        fs::remove(staged(file));
        return true;
    });
}

void RestoredFiles::add_missing() {
    for (const auto& file : files_) stores_->adopt(file, staged(file), blobs::Store::Adopt::missing);
    if (!files_.empty()) stores_->current().sync();
}

void RestoredFiles::replace_changed() {
    bool changed = false;
    for (const auto& file : files_) {
        if (!fs::exists(staged(file))) continue;
        stores_->adopt(file, staged(file), blobs::Store::Adopt::always);
        changed = true;
    }
    if (changed) stores_->current().sync();
}

fs::path RestoredFiles::keep_settings(const std::string& backup,
                                      const std::function<bool(const std::string&, std::string_view)>& put) {
    fs::path folder;
    for (const auto& [name, text] : settings_) {
        if (put && put(name, text)) continue;
        if (folder.empty()) {
            folder = data_ / ("settings-of-" + backup);
            fs::create_directories(folder);
            fs::permissions(folder, fs::perms::owner_all);
        }
        fs::create_directories((folder / name).parent_path());
        write_small_file(folder / name, text);
    }
    return folder;
}

}  // namespace bb::safety
