#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"

namespace bb::http {

/// One part of a multipart/form-data body (RFC 7578). Views point into the body.
struct Part {
    std::string name;
    std::string file_name;  // empty for plain fields; never a path: what precedes / or \ is cut off
    std::string media_type;
    std::string_view content;
};

/// Splits a multipart/form-data body. At most `max_parts` parts. Errors: wrong_type, malformed.
Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body,
                                          std::size_t max_parts = 100);

}  // namespace bb::http
