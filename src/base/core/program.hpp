#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bb {

/// Both ends of a pipe, closed with it; no started program inherits them.
class Pipe {
public:
    /// Throws std::system_error.
    Pipe();
    ~Pipe();
    Pipe(const Pipe&) = delete;

    int reader() const { return reader_; }
    int writer() const { return writer_; }
    void close_reader();
    void close_writer();

private:
    int reader_ = -1;
    int writer_ = -1;
};

/// How another program is started. It sees PATH and HOME of ours, LC_ALL=C and TZ=UTC, and no secret.
struct Launch {
    std::vector<std::string> command;  ///< the first word is the path of the program
    std::filesystem::path folder;      ///< to work in
    /// Descriptors for its standard input, output and error output; below 0: /dev/null.
    int in = -1, out = -1, error = -1;
    std::vector<std::string> environment = {};  ///< "NAME=value", besides
    bool bare = false;                          ///< it sees none of those four
    /// It is the first to go when memory is short, and the last to run: a machine has more to do.
    bool steps_back = false;
    bool outlives_us = false;  ///< else it is killed when the thread that started it ends
    /// Sockets that it gets from descriptor 3 on, with their names, as systemd hands them (sd_listen_fds(3)).
    std::vector<std::pair<std::string, int>> sockets = {};
};

/// Starts a program in a session of its own: the terminal's Ctrl-C does not reach it. Exit code 127: it could
/// not be run. Throws std::system_error.
pid_t launch(const Launch& launch);

/// Becomes another program, with the same process number: as launch(), but for a session of its own. Throws
/// std::system_error while nothing has changed; afterwards a fault ends the process with 127.
[[noreturn]] void replace_this_program(const Launch& launch);

/// What wait_for() gives, when the child has ended by now; it is gone then.
std::optional<int> poll_end(pid_t child);

/// Waits for a child: its exit code, or 128 and the number of the signal that ended it.
int wait_for(pid_t child);

}  // namespace bb
