#pragma once
#include <chrono>

namespace bb {

/// A pause between half of and the whole of `base`, so that many clients do not come back at once.
std::chrono::milliseconds jittered(std::chrono::milliseconds base);

}  // namespace bb
