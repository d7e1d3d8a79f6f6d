#pragma once
#include <string>

#include "features/materials/extract/cage.hpp"
#include "features/materials/extract/fault.hpp"

namespace bb::materials::extract {

/// Reads a file in processes that are shut in (cage.hpp): its text as of read(), tidied. Of pictures, and of
/// PDFs whose pages are pictures, by tesseract where it is installed. Blocks, up to five minutes. Throws as
/// run_caged().
Read<std::string> read_caged(const CagedFile& file, const std::string& name, std::stop_token stop = {});

}  // namespace bb::materials::extract
