#pragma once
#include <optional>
#include <string_view>

#include "features/materials/extract/read.hpp"

namespace bb::materials::extract {

/// Why the first bytes of a file do not fit its kind, if they do not.
std::optional<Unread> wrong_content(Kind kind, std::string_view bytes);

}  // namespace bb::materials::extract
