#pragma once
#include <string_view>

namespace bb::embedded {

/// Version of this program, as in the file VERSION: "0.1.0".
extern const std::string_view version;

/// The commit it was built from (12 digits), or empty outside a clone.
extern const std::string_view commit;

}  // namespace bb::embedded
