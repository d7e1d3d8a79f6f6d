#pragma once
#include <cstdint>

#include "operations/safety/destination.hpp"

namespace bb::safety {

/// Throws std::runtime_error with a sentence when fewer than `wanted` bytes are free in the place.
void check_room(const Destination& to, std::uint64_t wanted);

/// For a catch block of who writes into `to`: throws on what was caught; a full disk as a sentence.
[[noreturn]] void throw_on(const Destination& to);

}  // namespace bb::safety
