#pragma once
#include <signal.h>

#include <cstdint>
#include <string>

#include "cli/attendance.hpp"
#include "cli/cli.hpp"

namespace bb::cli {

/// What the commands of `logs` were asked.
struct LogWords {
    std::string command;  ///< "tail" or "filter"
    std::string stage;
    std::string since, until, level, request, route, event, pattern;
    std::string unit;         ///< of the journal; empty: the files
    std::int64_t limit = 0;   ///< 0: none
    std::int64_t newest = 0;  ///< 0: all
    bool follow = false;
    bool json = false;
    bool attended = false;  ///< end when who follows over ssh has gone
};

/// The same on every host of the stage, over ssh: lines in the order of time, with the host's name.
int logs_of_stage(Context& context, const LogWords& words);

}  // namespace bb::cli
