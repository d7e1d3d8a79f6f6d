#pragma once
#include <chrono>
#include <cstdint>

namespace bb::materials::extract {

/// Whether memory is bounded: not in builds for sanitizers, which take terabytes of addresses.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool bounds_memory = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool bounds_memory = false;
#else
inline constexpr bool bounds_memory = true;
#endif
#else
inline constexpr bool bounds_memory = true;
#endif

/// What a process that reads a stranger's file is left with.
struct Walls {
    std::uint64_t memory = 1ull << 30;  // bytes of address space
    std::chrono::seconds cpu{60};
    /// The program of Debian's that it becomes afterwards, which may read what lies below /usr; null: none.
    const char* program = nullptr;
};

/// Shuts this process in, for good: no file can be opened, no network, no signal to others, no more than
/// `walls` says (setrlimit(2), Landlock, seccomp; a network namespace where the kernel gives one). Standard
/// input and output are left. Throws std::runtime_error when it cannot be: nothing may be read then.
void shut_in(const Walls& walls);

}  // namespace bb::materials::extract
