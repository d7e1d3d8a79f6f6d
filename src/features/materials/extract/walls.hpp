#pragma once
#include <chrono>
#include <cstdint>

namespace bb::materials::extract {

/// What a process that reads a stranger's file is left with.
struct Walls {
    std::uint64_t memory = 1ull << 30;  // bytes of address space
    std::chrono::seconds cpu{60};
    /// It becomes a program of the system afterwards: what lies below /usr can be read and run, nothing else.
    bool becomes_program = false;
};

/// Shuts this process in, for good: no files, no network, no other processes, no more than `walls` says
/// (setrlimit(2), Landlock, seccomp; a network namespace where the kernel gives one). Only standard input and
/// output are left. Throws std::runtime_error when it cannot be: nothing may be read then.
void shut_in(const Walls& walls);

}  // namespace bb::materials::extract
