#include "features/materials/extract/cage.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/core/program.hpp"
#include "features/materials/extract/child.hpp"

namespace bb::materials::extract {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_complaints = 4096;
constexpr std::chrono::milliseconds look_around{200};  // for whether it should end

/// The bytes as a file that only we and our child know; nobody can change it any more.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view bytes)
        : descriptor_(memfd_create("file", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
        if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
        while (!bytes.empty()) {
            const auto sent = ::write(descriptor_, bytes.data(), bytes.size());
            if (sent <= 0) {
                const int reason = errno;
                close(descriptor_);
                throw std::system_error(reason, std::generic_category(), "a file in memory");
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        fcntl(descriptor_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
        lseek(descriptor_, 0, SEEK_SET);
    }
    ~MemoryFile() { close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

/// A child that is gone when this is.
class Child {
public:
    explicit Child(pid_t id) : id_(id) {}
    ~Child() {
        if (id_ > 0) end();
    }
    Child(const Child&) = delete;
    int end() {
        kill(id_, SIGKILL);
        return wait();
    }
    int wait() { return wait_for(std::exchange(id_, 0)); }

private:
    pid_t id_;
};

/// Whether the stream goes on; what comes is put behind `into`, up to `most`.
bool take_some(int descriptor, std::string& into, std::size_t most) {
    char buffer[64 * 1024];
    const auto got = ::read(descriptor, buffer, sizeof buffer);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    into.append(buffer, std::min(static_cast<std::size_t>(got), most - std::min(most, into.size())));
    return got > 0;
}

CageOutcome listen_to(int out, int error, const CageLimits& limits) {
    CageOutcome heard;
    pollfd streams[] = {{out, POLLIN, 0}, {error, POLLIN, 0}};
    const auto deadline = Clock::now() + limits.time;
    while (streams[0].fd >= 0) {
        if (limits.stop.stop_requested()) throw Stopped("the server stops");
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        heard.too_slow = left <= 0;
        heard.too_much = heard.output.size() > limits.output;
        if (heard.too_slow || heard.too_much) break;
        streams[0].revents = streams[1].revents = 0;
        poll(streams, 2, static_cast<int>(std::min<std::int64_t>(left, look_around.count())));
        if (streams[0].revents != 0 && !take_some(out, heard.output, limits.output + 1)) streams[0].fd = -1;
        if (streams[1].revents != 0 && !take_some(error, heard.complaints, most_complaints))
            streams[1].fd = -1;
    }
    return heard;
}

}  // namespace

CageOutcome run_caged(const std::string& what, const std::string& word, std::string_view file,
                      const CageLimits& limits) {
    const MemoryFile input(file);
    Pipe out, error;
    Launch program;
    program.command = {"/proc/self/exe", reading_word, what, word};
    program.folder = "/";
    program.in = input.descriptor();
    program.out = out.writer();
    program.error = error.writer();
    Child child(launch(program));
    out.close_writer();
    error.close_writer();
    auto outcome = listen_to(out.reader(), error.reader(), limits);
    outcome.code = outcome.too_slow || outcome.too_much ? child.end() : child.wait();
    if (outcome.code == not_shut_in || outcome.code == 127)
        throw std::runtime_error("no process can be shut in to read files: " + outcome.output);
    return outcome;
}

}  // namespace bb::materials::extract
