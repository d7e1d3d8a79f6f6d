#pragma once
#include <string>

namespace bb {

/// A random token kept in `folder` as the file `name` (mode 0600), made on first use; two servers that start
/// at once take the same. Throws std::system_error.
std::string kept_token(const std::string& folder, const std::string& name);

}  // namespace bb
