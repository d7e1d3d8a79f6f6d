#pragma once
#include <string>
#include <string_view>

#include "base/core/error.hpp"
#include "base/core/time.hpp"

namespace bb::release {

/// What a release says of itself.
struct About {
    std::string version;  ///< of the file VERSION
    std::string commit;   ///< its first twelve digits
    std::string target;   ///< system and processor it runs on: "linux-x86_64"
    int schema_min = 0, schema_max = 0;
    Time committed_at{};    ///< of the commit: later ones are newer
    bool prebuilt = false;  ///< an existing program was packed, instead of the commit being compiled

    /// "0.1.0-0123456789ab": names its folder and its archive.
    std::string name() const;
};

/// Of the program that runs; without a time, which only the repository knows.
About about_this_program();

std::string to_json(const About& about);
/// Errors: malformed.
Result<About> about_from(std::string_view json);

}  // namespace bb::release
