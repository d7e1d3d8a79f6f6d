#include "services/blobs/disk_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "services/blobs/compare.hpp"
#include "services/blobs/sealed_file.hpp"

namespace bb::blobs {
namespace {

namespace fs = std::filesystem;

constexpr const char* trash_name = "trash";
constexpr const char* identity_name = "database";

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// Closes itself.
class Descriptor {
public:
    Descriptor(const fs::path& path, int flags, mode_t mode = 0)
        : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

/// Held while a file is being put in place or taken away, by any process on this folder.
class FolderLock {
public:
    explicit FolderLock(const fs::path& root) : file_(root / ".lock", O_RDWR | O_CREAT, 0600) {
        if (file_.get() < 0) fail("open the lock of the file store");
        while (::flock(file_.get(), LOCK_EX) != 0)
            if (errno != EINTR) fail("lock the file store");
    }

private:
    Descriptor file_;
};

void sync_folder(const fs::path& folder) {
    const Descriptor fd(folder, O_RDONLY | O_DIRECTORY);
    if (fd.get() < 0 || ::fsync(fd.get()) != 0) fail("sync a folder");
}

void make_folder(const fs::path& folder) {
    if (::mkdir(folder.c_str(), 0700) == 0) {
        sync_folder(folder.parent_path());
    } else if (errno != EEXIST) {
        fail("make a folder");
    }
}

void make_folders_above(const fs::path& file) {
    make_folder(file.parent_path().parent_path());
    make_folder(file.parent_path());
}

fs::path temporary_in(const fs::path& root) {
    return root / ("tmp-" + Uuid::make().text());
}

/// Writes a new file by `write`, which gets what takes its bytes.
template <typename Write>
fs::path write_temporary(const fs::path& root, const Write& write) {
    fs::path file = temporary_in(root);
    const Descriptor fd(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd.get() < 0) fail("create a file");
    try {
        write([&fd](std::string_view bytes) { write_all(fd.get(), bytes, "write a file"); });
        if (::fsync(fd.get()) != 0) fail("sync a file");
    } catch (...) {
        ::unlink(file.c_str());
        throw;
    }
    return file;
}

bool is_old(const fs::path& file, std::chrono::seconds age) {
    struct stat info {};
    return ::stat(file.c_str(), &info) == 0 && ::time(nullptr) - info.st_mtime >= age.count();
}

/// Under a new time: for others it has just been put there.
bool renew(const fs::path& file) {
    return ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0) == 0;
}

bool rename_file(const fs::path& from, const fs::path& to) {
    return ::rename(from.c_str(), to.c_str()) == 0;
}

http::FileBody open_body(const fs::path& file) {
    Descriptor fd(file, O_RDONLY);
    if (fd.get() < 0) fail("read a file");
    return http::whole_file(http::share_descriptor(fd.release()));
}

/// A file of another disk, as a temporary one on this.
fs::path copy_into(const fs::path& root, const fs::path& from) {
    const auto body = open_body(from);
    return write_temporary(root, [&](const auto& take) { copy_all(*body.source, take); });
}

/// A file under a temporary name as well; where it lies on another disk, a copy.
fs::path link_into(const fs::path& root, const fs::path& from) {
    fs::path file = temporary_in(root);
    if (::link(from.c_str(), file.c_str()) == 0) return file;
    if (errno != EXDEV) fail("link a file");
    return copy_into(root, from);
}

/// Whether two files of the same content are of the same sealing, and none was changed since.
bool sealed_alike(const fs::path& a, const fs::path& b) {
    const auto one = open_body(a), other = open_body(b);
    return one.size == other.size && is_same(*one.source, *other.source);
}

/// Adds the files at <folder>/<owner>/<two digits>/<digest>.
void list_into(std::vector<Store::Listed>& found, const fs::path& folder, bool discarded) {
    const auto now = ::time(nullptr);
    for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
        if (it.depth() != 2 || !it->is_regular_file()) continue;
        const fs::path& path = it->path();
        const auto owner = Uuid::parse(path.parent_path().parent_path().filename().string());
        const auto digest = crypto::parse_digest(path.filename().string());
        struct stat info {};
        if (!owner || !digest || ::stat(path.c_str(), &info) != 0) continue;
        found.push_back({{*owner, *digest},
                         static_cast<std::uint64_t>(info.st_size),
                         std::chrono::seconds(std::max<std::int64_t>(0, now - info.st_mtime)),
                         discarded});
    }
}

}  // namespace

DiskStore::DiskStore(fs::path root) : root_(std::move(root)) {
    fs::create_directories(root_);
    fs::permissions(root_, fs::perms::owner_all);
}

fs::path DiskStore::path_of(const Uuid& owner, const crypto::Digest& digest) const {
    const std::string name = crypto::hex(digest);
    return root_ / owner.text() / name.substr(0, 2) / name;
}

fs::path DiskStore::trash_path_of(const Stored& file) const {
    const std::string name = crypto::hex(file.digest);
    return root_ / trash_name / file.owner.text() / name.substr(0, 2) / name;
}

bool DiskStore::renew_if_sealed(const fs::path& file, const Uuid& owner, const crypto::Digest& digest,
                                const secrets::Key& key) const {
    Descriptor fd(file, O_RDONLY);
    if (fd.get() < 0) return false;
    const auto open = http::share_descriptor(fd.release());
    return open_sealed_file(open, key, name_of({owner, digest})) && renew(file);
}

void DiskStore::put(const Uuid& owner, const crypto::Digest& digest, http::FileSource& content,
                    const secrets::Key& key) {
    const fs::path place = path_of(owner, digest);
    {
        const FolderLock lock(root_);
        // A new time keeps the sweep away until the row that will name the file has been committed.
        if (renew_if_sealed(place, owner, digest, key)) return;
    }
    make_folders_above(place);
    const fs::path temporary = write_temporary(root_, [&](const auto& sink) {
        seal_file(key, name_of({owner, digest}), content, sink);
    });
    put_in_place(temporary, place);
}

void DiskStore::put_sealed(const Stored& file, http::FileSource& sealed) {
    const fs::path place = path_of(file.owner, file.digest);
    make_folders_above(place);
    const fs::path temporary = write_temporary(root_, [&](const auto& sink) { copy_all(sealed, sink); });
    put_in_place(temporary, place);
}

void DiskStore::put_file(const Stored& file, const fs::path& sealed, const secrets::Key& key) {
    const fs::path place = path_of(file.owner, file.digest);
    {
        const FolderLock lock(root_);
        if (renew_if_sealed(place, file.owner, file.digest, key)) return;
    }
    make_folders_above(place);
    put_in_place(link_into(root_, sealed), place);
}

void DiskStore::put_in_place(const fs::path& temporary, const fs::path& place) const {
    const FolderLock lock(root_);
    if (!rename_file(temporary, place)) {
        ::unlink(temporary.c_str());
        fail("put a file in place");
    }
    sync_folder(place.parent_path());
}

std::optional<http::FileBody> DiskStore::open(const Uuid& owner, const crypto::Digest& digest,
                                              const std::optional<secrets::Key>& key) const {
    Descriptor in_use(path_of(owner, digest), O_RDONLY);
    Descriptor in_trash(trash_path_of(Stored{owner, digest}), O_RDONLY);
    Descriptor& fd = in_use.get() >= 0 ? in_use : in_trash;
    if (fd.get() < 0) return std::nullopt;
    auto file = http::share_descriptor(fd.release());
    if (!key) return http::whole_file(std::move(file));
    return open_sealed_file(std::move(file), *key, name_of({owner, digest}));
}

bool DiskStore::has(const Stored& file) const {
    return fs::exists(path_of(file.owner, file.digest)) || fs::exists(trash_path_of(file));
}

bool DiskStore::remove_if_old(const fs::path& file, std::chrono::seconds age) const {
    const FolderLock lock(root_);
    return is_old(file, age) && ::unlink(file.c_str()) == 0;
}

void DiskStore::adopt(const Stored& file, const fs::path& from, Adopt which) {
    const fs::path place = path_of(file.owner, file.digest);
    make_folders_above(place);
    const FolderLock lock(root_);
    if (which == Adopt::missing && fs::exists(place)) {
        if (!sealed_alike(place, from)) return;
        ::unlink(from.c_str());
        if (!renew(place)) fail("renew a file");
        return;
    }
    // A new time, as in put().
    if (!renew(from)) fail("renew a file");
    if (rename_file(from, place)) return;
    if (errno != EXDEV) fail("put a file in place");
    const auto copy = copy_into(root_, from);
    if (!rename_file(copy, place)) fail("put a file in place");
    ::unlink(from.c_str());
}

void DiskStore::sync() const {
    const Descriptor fd(root_, O_RDONLY | O_DIRECTORY);
    if (fd.get() < 0 || ::syncfs(fd.get()) != 0) fail("sync the file store");
}

std::vector<Store::Listed> DiskStore::list() const {
    std::vector<Listed> found;
    list_into(found, root_, false);
    const fs::path trash = root_ / trash_name;
    if (fs::exists(trash)) list_into(found, trash, true);
    return found;
}

bool DiskStore::discard(const Stored& file, std::chrono::seconds age) {
    const fs::path place = path_of(file.owner, file.digest);
    const fs::path trash = trash_path_of(file);
    make_folder(root_ / trash_name);
    make_folders_above(trash);
    const FolderLock lock(root_);
    // The time it is erased by counts from now; renewed first, so that a crash in between only delays.
    return is_old(place, age) && renew(place) && rename_file(place, trash);
}

bool DiskStore::take_back(const Stored& file) {
    const fs::path place = path_of(file.owner, file.digest);
    make_folders_above(place);
    const FolderLock lock(root_);
    return renew(trash_path_of(file)) && rename_file(trash_path_of(file), place);
}

bool DiskStore::erase(const Stored& file, std::chrono::seconds age) {
    return remove_if_old(trash_path_of(file), age);
}

void DiskStore::remove(const Stored& file) {
    const FolderLock lock(root_);
    ::unlink(path_of(file.owner, file.digest).c_str());
    ::unlink(trash_path_of(file).c_str());
}

void DiskStore::erase_owner(const Uuid& owner) {
    const FolderLock lock(root_);
    fs::remove_all(root_ / owner.text());
    fs::remove_all(root_ / trash_name / owner.text());
}

std::string DiskStore::database() const {
    std::ifstream file(root_ / identity_name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void DiskStore::set_database(std::string_view identity) {
    const fs::path temporary = write_temporary(root_, [&](const auto& sink) { sink(identity); });
    if (rename_file(temporary, root_ / identity_name)) return sync_folder(root_);
    ::unlink(temporary.c_str());
    fail("note the database of the file store");
}

std::size_t DiskStore::remove_leftovers(std::chrono::seconds age) {
    std::vector<fs::path> left;
    for (const auto& entry : fs::directory_iterator(root_))
        if (entry.path().filename().string().starts_with("tmp-")) left.push_back(entry.path());
    std::size_t removed = 0;
    for (const auto& path : left) removed += remove_if_old(path, age);
    return removed;
}

}  // namespace bb::blobs
