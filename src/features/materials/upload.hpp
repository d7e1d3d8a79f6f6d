#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "base/http/multipart.hpp"
#include "base/http/request.hpp"
#include "features/materials/text/blocks.hpp"

namespace bb::materials {

constexpr std::size_t max_file_bytes = 40 * 1024 * 1024;
constexpr std::size_t max_text_bytes = 10 * 1024 * 1024;    // of a file that is text already
constexpr std::size_t max_upload_bytes = 48 * 1024 * 1024;  // of one request with several files
constexpr std::size_t max_upload_files = 20;

/// What the text of a file of this name is, by its ending.
text::Format format_of_name(std::string_view name);
/// Whether a file may be called `after` from now on: its ending still says what it is.
bool may_be_renamed(std::string_view before, std::string_view after);

/// A file of an upload that may be stored. Views point into the request's body.
struct UploadedFile {
    std::string name;
    std::string media_type;
    std::string_view bytes;
    std::optional<std::string_view>
        text;  // the bytes without a byte order mark; none: it has to be read first
};

/// Whether a file of this name is text already: it is not read by a job unless its encoding asks for it.
bool is_kept_as_text(std::string_view name);
/// The endings of such names, in lower case.
std::vector<std::string_view> endings_kept_as_text();

/// The name of a file that is yet to come, with `bytes` bytes of at most `most`. Errors: as of
/// check_upload().
Result<std::string> check_new_file(std::string_view name, std::int64_t bytes, std::int64_t most);

/// A file that somebody brings, if it may be stored. Errors: as of read_upload().
Result<UploadedFile> check_upload(const http::Part& part);

/// The files of a multipart request: parts named "file", each of a kind that can be read, at most 40 MiB.
/// Errors, each with the name of the file: wrong_type, too_large, invalid_input; malformed for a broken body.
Result<std::vector<UploadedFile>> read_upload(const http::Request& request);

/// `attachment` with the name for every client (RFC 6266, RFC 8187).
std::string content_disposition(std::string_view name);

}  // namespace bb::materials
