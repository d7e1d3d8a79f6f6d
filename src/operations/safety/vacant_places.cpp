#include "operations/safety/vacant_places.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "base/core/privileges.hpp"

namespace bb::safety {
namespace {

constexpr std::uint64_t most_text = 32u << 20;
constexpr int stands_there = -1;  // as an answer; the others are values of errno

struct Request {
    std::uint64_t which, size;
};

[[noreturn]] void fail_at(const std::filesystem::path& path, int reason) {
    throw std::system_error(reason, std::generic_category(), path.string());
}

class Descriptor {
public:
    Descriptor(int fd, const std::filesystem::path& path) : fd_(fd) {
        if (fd_ < 0) fail_at(path, errno);
    }
    ~Descriptor() { ::close(fd_); }
    Descriptor(const Descriptor&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

bool write_whole(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

bool send_whole(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

bool receive_whole(int socket, void* into, std::size_t size) {
    auto* at = static_cast<char*>(into);
    while (size > 0) {
        const ssize_t got = ::recv(socket, at, size, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

template <class T>
std::string_view bytes_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// What root makes; another account makes its own.
bool give_away(int fd, int folder, const VacantPlace& place) {
    if (!privileges::is_root()) return true;
    struct stat around {};
    if (::fstat(folder, &around) != 0) return false;
    if (around.st_uid != 0) return ::fchown(fd, around.st_uid, around.st_gid) == 0;
    return place.group == 0 || ::fchown(fd, 0, place.group) == 0;
}

}  // namespace

bool put_where_vacant(const VacantPlace& place, std::string_view text) {
    const auto parent = place.path.parent_path();
    const auto name = place.path.filename().string(), part = "." + name + ".part";
    const Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), parent);
    struct stat there {};
    if (::fstatat(folder.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0) return false;
    ::unlinkat(folder.get(), part.c_str(), 0);  // of one that was killed
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const Descriptor out(::openat(folder.get(), part.c_str(), flags, 0600), place.path);
    // A link is refused where something stands, at any moment; a new name for the part would replace it.
    const bool put = write_whole(out.get(), text) && give_away(out.get(), folder.get(), place) &&
                     ::fchmod(out.get(), place.mode) == 0 && ::fsync(out.get()) == 0 &&
                     ::linkat(folder.get(), part.c_str(), folder.get(), name.c_str(), 0) == 0;
    const int reason = errno;
    ::unlinkat(folder.get(), part.c_str(), 0);
    if (!put && reason == EEXIST) return false;
    if (!put) fail_at(place.path, reason);
    if (::fsync(folder.get()) != 0) fail_at(parent, errno);
    return true;
}

VacantPlaces::VacantPlaces(std::vector<VacantPlace> places) : places_(std::move(places)) {
    if (places_.empty() || !privileges::is_root()) return;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        fail_at("a process of root's", errno);
    helper_ = ::fork();
    if (helper_ == 0) {
        ::close(ends[0]);
        serve(ends[1]);
        ::_exit(0);
    }
    const int reason = errno;
    ::close(ends[1]);
    socket_ = ends[0];
    if (helper_ > 0) return;
    ::close(std::exchange(socket_, -1));
    fail_at("a process of root's", reason);
}

VacantPlaces::~VacantPlaces() {
    if (socket_ < 0) return;
    ::close(socket_);  // which ends it
    while (::waitpid(helper_, nullptr, 0) < 0 && errno == EINTR) continue;
}

/// Whoever asks may have been taken over by what it reads: nothing but the text is believed.
void VacantPlaces::serve(int socket) const {
    for (Request request{}; receive_whole(socket, &request, sizeof request);) {
        if (request.which >= places_.size() || request.size > most_text) return;
        std::string text(request.size, '\0');
        if (!receive_whole(socket, text.data(), text.size())) return;
        int answer = 0;
        try {
            if (!put_where_vacant(places_[request.which], text)) answer = stands_there;
        } catch (const std::system_error& fault) {
            answer = fault.code().value();
        }
        if (!send_whole(socket, bytes_of(answer))) return;
    }
}

bool VacantPlaces::put(std::size_t which, std::string_view text) {
    if (socket_ < 0) return put_where_vacant(places_.at(which), text);
    const auto& path = places_.at(which).path;
    int answer = 0;
    if (!send_whole(socket_, bytes_of(Request{which, text.size()})) || !send_whole(socket_, text) ||
        !receive_whole(socket_, &answer, sizeof answer))
        fail_at(path, EPIPE);
    if (answer > 0) fail_at(path, answer);
    return answer != stands_there;
}

}  // namespace bb::safety
