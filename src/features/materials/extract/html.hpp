#pragma once
#include <string_view>

#include "features/materials/extract/markdown.hpp"
#include "features/materials/extract/read.hpp"

namespace bb::materials::extract {

/// Appends what a chapter of a book says, which is XHTML in UTF-8: any element may close itself. Faults:
/// damaged (elements too deep within each other), too_large.
Read<void> append_xhtml(Markdown& out, std::string_view page, const Limits& limits);

}  // namespace bb::materials::extract
