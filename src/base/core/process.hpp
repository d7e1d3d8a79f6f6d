#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace bb::process {

/// When a process started, in clock ticks since the machine did; 0 when it does not run (any more).
std::int64_t start_of(pid_t pid);

/// This process as one word: "MACHINE/BOOT/SPACE/PID/START", told from all others of all machines.
std::string own_name();
/// Whether the process of such a word, or of one that begins with it, has ended. False also where that cannot
/// be told: of another machine or space of process numbers, and of what is no such word.
bool has_ended(std::string_view name);

}  // namespace bb::process
