#pragma once
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bb::materials::extract {

/// bwrap(1), a wall around the reading process and its own walls: namespaces of its own (users, processes,
/// network, IPC, names of the host, control groups), no environment, and a file system that holds, read-only,
/// the reader, poppler, tesseract, and what these three open.
struct Bubblewrap {
    std::string program = "/usr/bin/bwrap";
    std::vector<std::string> also_seen = {};  // paths that are there besides
};

/// The words that begin `command` in there, whose first one is the path of a program. Nothing where no path
/// leads to that program: it was replaced while it ran, or lies in a folder that is closed to this account.
std::optional<std::vector<std::string>> command_within(const Bubblewrap& bubblewrap,
                                                       const std::vector<std::string>& command);

/// It began nothing: that says nothing about the file.
class BubblewrapFailed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Whether bwrap is here, and what kept a file from being read in it; an empty reason: nothing did.
struct BubblewrapTrial {
    bool installed = false;
    std::string reason;
    bool works() const { return installed && reason.empty(); }
};

/// Reads a small file of ours in there, by the reading process of `reader`. Blocks, some 20 ms as a rule.
BubblewrapTrial try_bubblewrap(const Bubblewrap& bubblewrap, const char* reader = "/proc/self/exe");

/// What files are read in, if it works here: tried out for the first who asks, and said in the log.
std::optional<Bubblewrap> bubblewrap_that_works();
/// It failed: who asks next tries it out again.
void doubt_bubblewrap();

}  // namespace bb::materials::extract
