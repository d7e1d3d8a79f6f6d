#include "base/core/jitter.hpp"

#include <random>

namespace bb {

std::chrono::milliseconds jittered(std::chrono::milliseconds base) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return base / 2 + std::chrono::milliseconds(random() % static_cast<unsigned>(base.count() / 2 + 1));
}

}  // namespace bb
