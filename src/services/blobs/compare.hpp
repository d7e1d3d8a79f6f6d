#pragma once
#include "base/http/file_body.hpp"

namespace bb::blobs {

/// Reads both until they differ.
bool is_same(http::FileSource& one, http::FileSource& other);

}  // namespace bb::blobs
