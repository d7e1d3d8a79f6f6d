#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "base/http/multipart.hpp"
#include "base/http/request.hpp"
#include "features/materials/text/blocks.hpp"

namespace bb::materials {

constexpr std::size_t max_file_bytes = 10 * 1024 * 1024;
constexpr std::size_t max_upload_bytes = 48 * 1024 * 1024;  // of one request with several files
constexpr std::size_t max_upload_files = 20;

/// How a file of this name is read, by its ending.
text::Format format_of_name(std::string_view name);
/// "text/markdown" or "text/plain"; empty for a name that is neither.
std::string_view media_type_of_name(std::string_view name);

/// A file of an upload that may be stored. Views point into the request's body.
struct UploadedFile {
    std::string name;
    std::string media_type;
    std::string_view bytes;
    std::string_view text;  // the bytes without a byte order mark
};

/// A file that somebody brings, if it may be stored. Errors: as of read_upload().
Result<UploadedFile> check_upload(const http::Part& part);

/// The files of a multipart request: parts named "file", each .txt or .md, UTF-8, at most 10 MiB. Errors,
/// each with the name of the file: wrong_type, too_large, invalid_input; malformed for a broken body.
Result<std::vector<UploadedFile>> read_upload(const http::Request& request);

/// `attachment` with the name for every client (RFC 6266, RFC 8187).
std::string content_disposition(std::string_view name);

}  // namespace bb::materials
