#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "operations/release/about.hpp"
#include "operations/release/minisign.hpp"

namespace bb::release {

/// How a release is made.
struct BuildPlan {
    std::filesystem::path source;  ///< somewhere in a clone of the repository
    std::string commit = "HEAD";
    std::filesystem::path out;      ///< folder for the archive and its signature
    std::filesystem::path program;  ///< an existing program to pack; empty: the commit is compiled
    SigningKey key;
    std::function<void(std::string_view)> say;  ///< hears of each step
};

/// A release that was made.
struct BuiltRelease {
    About about;
    std::filesystem::path archive;  ///< absolute; the signature lies beside it, as `.minisig`
    std::string sha256;
};

/// Checks the commit out in a folder of its own, compiles it there (its output goes to our stderr), writes
/// bill of materials and provenance, packs and signs. The same commit and the same packages of the system
/// give the same bytes, wherever the clone lies; what is not committed does not count. Throws
/// std::runtime_error with the reason; nothing is left then.
BuiltRelease build_release(const BuildPlan& plan);

}  // namespace bb::release
