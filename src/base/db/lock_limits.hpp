#pragma once
#include <chrono>

namespace bb::db {

/// How long a migration waits for what others hold. While it waits for a table, everybody who comes after it
/// waits too: so it gives up soon, lets them through, and tries again.
struct LockLimits {
    std::chrono::milliseconds wait{2'000};              ///< in one try, for all locks together
    std::chrono::milliseconds concurrent_wait{60'000};  ///< of statements that keep nobody waiting
    int tries = 10;
    std::chrono::milliseconds first_pause{250};  ///< doubled after each try
    std::chrono::milliseconds longest_pause{8'000};
};

}  // namespace bb::db
