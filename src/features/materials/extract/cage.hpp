#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>

#include "features/materials/extract/bubblewrap.hpp"

namespace bb::materials::extract {

/// What a reading process may take.
struct CageLimits {
    std::chrono::seconds time{60};
    std::size_t output = 8u << 20;              // bytes
    std::stop_token stop = {};                  // ends it early
    const char* program = "/proc/self/exe";     // what is begun: this one
    std::optional<Bubblewrap> bubblewrap = {};  // what it is begun in
};

/// Somebody asked for an early end.
class Stopped : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// How a reading process ended, and what it said until then.
struct CageOutcome {
    int code = 0;  // as of wait_for() (base/core/program.hpp)
    std::string output, complaints;
    bool too_slow = false, too_much = false;  // it was ended
};

/// A file in memory that only we and our children know, and that nobody can change. It is no part of this
/// process's resident memory. Throws std::system_error.
class CagedFile {
public:
    using Write = std::function<void(std::string_view)>;
    /// Of what `fill` writes, piece by piece.
    explicit CagedFile(const std::function<void(const Write&)>& fill);
    explicit CagedFile(std::string_view bytes);
    ~CagedFile();
    CagedFile(const CagedFile&) = delete;
    std::size_t size() const;
    /// As much of it from `at` on as there is, into all of `room`. Returns how much.
    std::size_t read(std::size_t at, char* into, std::size_t room) const;
    /// A descriptor of its own for a process that reads it from its beginning, beside others perhaps. Throws
    /// std::system_error.
    int open() const;

private:
    void write(std::string_view bytes) const;

    int descriptor_;
};

/// Runs the reading process (child.hpp) with these two words on `file`, shut in, and waits for its end.
/// Blocks. Throws Stopped, BubblewrapFailed, and std::runtime_error where no such process can be, or somebody
/// else ended it: that is no fault of the file.
CageOutcome run_caged(const std::string& what, const std::string& word, const CagedFile& file,
                      const CageLimits& limits);

}  // namespace bb::materials::extract
