#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "operations/deploy/control.hpp"

namespace bb::deploy {

/// A server that is looked at as a student would.
struct SmokeTest {
    std::string address;            ///< "127.0.0.1:PORT" of the process
    std::filesystem::path program;  ///< whose commands sign the visitor in
    const Surroundings& around;     ///< of these
    std::function<void()> watch;

    /// Readiness, signing in, a material, a question about it. Leaves nothing behind but the visitor's
    /// account, unless it fails. Throws std::runtime_error naming what does not work.
    std::string run() const;
};

}  // namespace bb::deploy
