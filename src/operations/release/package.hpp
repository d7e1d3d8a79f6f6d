#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "operations/release/about.hpp"

namespace bb::release {

inline constexpr std::string_view program_name = "brainbytes";

/// Writes the archive of a release: a pax archive, compressed (Zstandard), of release.json, the program and
/// the papers in the folder `papers` (sbom.json, provenance.json, NOTES.md, LICENSE; each must be there). The
/// same input gives the same bytes: it holds no time, owner or path. Throws std::runtime_error or
/// std::system_error; nothing is left then.
void pack(const About& about, const std::filesystem::path& program, const std::filesystem::path& papers,
          const std::filesystem::path& archive);

/// What the archive says of itself, without a look at its signature. Errors: malformed.
Result<About> read_about(const std::filesystem::path& archive);

/// Writes the content of an archive that was verified into the new folder `into`. Errors: malformed, when it
/// holds anything else than pack() writes; the folder is left to the caller then.
Result<About> unpack(const std::filesystem::path& archive, const std::filesystem::path& into);

}  // namespace bb::release
