#pragma once
#include <chrono>
#include <string>

#include "operations/deploy/control.hpp"

namespace bb::deploy {

/// Starts a server of this program on a private address, takes the smoke test to it, and ends it; what was
/// looked at, in words. The data folder of `around` must be held, as a supervisor holds it. `longest`: that
/// it may take to start. Throws std::runtime_error naming what does not work.
std::string try_alone(const Surroundings& around, std::chrono::seconds longest);

}  // namespace bb::deploy
