#include "features/materials/extract/cage.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/core/program.hpp"
#include "features/materials/extract/child.hpp"

namespace bb::materials::extract {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_complaints = 4096;
constexpr std::chrono::milliseconds look_around{200};  // for whether it should end

struct Descriptor {
    explicit Descriptor(int number) : number(number) {}
    ~Descriptor() { ::close(number); }
    Descriptor(const Descriptor&) = delete;
    const int number;
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
        return wait_for(std::exchange(id_, 0));
    }
    /// Its exit code, if it ends by then.
    std::optional<int> end_by(Clock::time_point deadline, const std::stop_token& stop) {
        for (;;) {
            if (const auto code = poll_end(id_)) {
                id_ = 0;
                return code;
            }
            if (stop.stop_requested()) throw Stopped("the server stops");
            if (Clock::now() >= deadline) return std::nullopt;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }

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

/// Listens until the streams end, the child is too slow, or says too much.
CageOutcome listen_to(int out, int error, const CageLimits& limits, Clock::time_point deadline) {
    CageOutcome heard;
    pollfd streams[] = {{out, POLLIN, 0}, {error, POLLIN, 0}};
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

/// How bwrap ends when it has begun nothing. A reader that was taken over can say the same: then its file is
/// tried again, and given up in the end.
bool bubblewrap_failed(const CageOutcome& outcome) {
    return outcome.code == 127 || (outcome.code == 1 && outcome.complaints.starts_with("bwrap: "));
}

bool is_ended_from_outside(int code) {
    for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP})
        if (code == 128 + signal) return true;
    return false;
}

}  // namespace

CagedFile::CagedFile(const std::function<void(const Write&)>& fill)
    : descriptor_(memfd_create("file", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
    try {
        fill([this](std::string_view bytes) { write(bytes); });
        constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
        if (fcntl(descriptor_, F_ADD_SEALS, seals) != 0)
            throw std::system_error(errno, std::generic_category(), "sealing a file in memory");
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

CagedFile::CagedFile(std::string_view bytes)
    : CagedFile([bytes](const Write& write_all) { write_all(bytes); }) {}

void CagedFile::write(std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto sent = ::write(descriptor_, bytes.data(), bytes.size());
        if (sent <= 0) throw std::system_error(errno, std::generic_category(), "a file in memory");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

CagedFile::~CagedFile() {
    ::close(descriptor_);
}

std::size_t CagedFile::size() const {
    struct stat state {};
    return fstat(descriptor_, &state) == 0 ? static_cast<std::size_t>(state.st_size) : 0;
}

std::size_t CagedFile::read(std::size_t at, char* into, std::size_t room) const {
    const auto got = ::pread(descriptor_, into, room, static_cast<off_t>(at));
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

int CagedFile::open() const {
    // What dup() gives would share its place in the file with others.
    const auto own = "/proc/self/fd/" + std::to_string(descriptor_);
    const int descriptor = ::open(own.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "a file in memory");
    return descriptor;
}

CageOutcome run_caged(const std::string& what, const std::string& word, const CagedFile& file,
                      const CageLimits& limits) {
    Pipe out, error;
    Launch program;
    program.command = {limits.program, reading_word, what, word};
    std::optional<std::vector<std::string>> within;
    if (limits.bubblewrap) within = command_within(*limits.bubblewrap, program.command);
    if (within) program.command = *within;
    program.folder = "/";
    program.bare = true;
    program.steps_back = true;
    const Descriptor input(file.open());
    program.in = input.number;
    program.out = out.writer();
    program.error = error.writer();
    const auto deadline = Clock::now() + limits.time;
    Child child(launch(program));
    out.close_writer();
    error.close_writer();
    auto outcome = listen_to(out.reader(), error.reader(), limits, deadline);
    // It may have closed its output and live on.
    const auto ended =
        outcome.too_slow || outcome.too_much ? std::nullopt : child.end_by(deadline, limits.stop);
    if (!ended) {
        outcome.too_slow = !outcome.too_much;
        outcome.code = child.end();
        return outcome;
    }
    outcome.code = *ended;
    if (within && bubblewrap_failed(outcome))
        throw BubblewrapFailed("bubblewrap begins no process: " + outcome.complaints);
    if (is_ended_from_outside(outcome.code))
        throw std::runtime_error("the reading process was ended from outside");
    if (outcome.code == not_shut_in || outcome.code == 127)
        throw std::runtime_error("no process can be shut in to read files: " + outcome.output);
    return outcome;
}

}  // namespace bb::materials::extract
