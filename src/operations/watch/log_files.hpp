#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "operations/watch/log_line.hpp"

namespace bb::watch {

/// Cuts bytes into lines of the log. What is no line of the log is passed over and counted.
class LineCutter {
public:
    using Take = std::function<bool(LogLine line)>;

    /// False when `take` wants no more.
    bool feed(std::string_view bytes, const Take& take);
    /// The end, which may stand behind no line end.
    bool finish(const Take& take);

    std::size_t broken() const { return broken_; }

private:
    bool end_line(const Take& take);

    std::string line_;
    bool too_long_ = false;
    std::size_t broken_ = 0;
};

/// The newest lines of all that are added: so many, and not more than 64 MiB.
class Newest {
public:
    explicit Newest(std::size_t count) : count_(count) {}
    void add(LogLine line);
    std::deque<LogLine>& lines() { return lines_; }

private:
    std::size_t count_;
    std::size_t bytes_ = 0;
    std::deque<LogLine> lines_;
};

/// Reads the log files of a folder, of all processes that wrote there, in the order of time. Memory: a piece
/// of each file whose time covers that of another. Files that go meanwhile are passed over.
class LogReader {
public:
    explicit LogReader(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Hands over what fits until `take` wants no more.
    void read(const LogFilter& filter, const LineCutter::Take& take);
    /// From now on read() goes as far as the files do now, and follow() hands over what is added.
    void mark_end();
    /// What was added since mark_end() or the last call, in the order of time.
    void follow(const LogFilter& filter, const LineCutter::Take& take);

    /// Lines that were passed over.
    std::size_t broken() const { return broken_; }

private:
    struct Followed {
        std::uint64_t at = 0;
        LineCutter cutter;
    };
    void read_on(const std::string& name, Followed& file, const LineCutter::Take& take) const;

    std::filesystem::path folder_;
    std::map<std::string, Followed> followed_;
    bool marked_ = false;
    std::size_t broken_ = 0;
};

}  // namespace bb::watch
