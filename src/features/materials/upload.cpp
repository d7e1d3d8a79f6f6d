#include "features/materials/upload.hpp"

#include <fmt/format.h>

#include "base/core/utf8.hpp"
#include "base/http/multipart.hpp"
#include "features/materials/extract/read.hpp"

namespace bb::materials {
namespace {

using extract::Kind;

constexpr std::size_t longest_name = 255;

Error refused(ErrorCode code, const std::string& name, std::string_view what) {
    Error error = bad_field("#/file", fmt::format("{}: {}", name, what));
    error.code = code;
    error.detail = error.fields[0].detail;
    return error;
}

constexpr const char* what_can_be_read =
    "files of this kind cannot be read; PDF, Word, PowerPoint, Excel, OpenDocument, EPUB, HTML, CSV, "
    "subtitles, "
    "source code, .md and .txt can";

/// A file that is text already: kept as it is, unless it is in another encoding and has to be read first.
Result<UploadedFile> with_text(UploadedFile file) {
    std::string_view text = file.bytes;
    if (text.size() > max_text_bytes)
        return refused(ErrorCode::too_large, file.name, "a text file may have at most 10 MiB");
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (!utf8::valid(text) || text.find('\0') != std::string_view::npos) return file;
    if (utf8::trim(text).empty()) return refused(ErrorCode::invalid_input, file.name, "the file is empty");
    file.text = text;
    return file;
}

bool is_plain_in_quotes(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
}

bool is_attribute_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos;
}

/// A name of a kind of file that can be read.
Result<std::string> check_name(std::string_view name) {
    name = utf8::trim(name);
    if (!utf8::valid(name) || utf8::has_controls(name) ||
        name.find_first_of("\r\n\t") != std::string_view::npos)
        return bad_field("#/file", "has a name that is not text");
    if (name.empty()) return bad_field("#/file", "has no file name");
    if (utf8::length(name) > longest_name)
        return bad_field("#/file", "has a name of more than 255 characters");
    if (!extract::kind_of_name(name))
        return refused(ErrorCode::wrong_type, std::string(name), what_can_be_read);
    return std::string(name);
}

Error empty_file(const std::string& name) {
    return refused(ErrorCode::invalid_input, name, "the file is empty");
}

}  // namespace

text::Format format_of_name(std::string_view name) {
    const auto kind = extract::kind_of_name(name);
    return kind ? extract::format_of(*kind) : text::Format::plain;
}

bool may_be_renamed(std::string_view before, std::string_view after) {
    const auto kind = extract::kind_of_name(after);
    if (!kind) return false;
    const auto is_text = [](Kind one) {
        return one == Kind::plain || one == Kind::markdown;
    };
    const auto was = extract::kind_of_name(before);
    return was && (*was == *kind || (is_text(*was) && is_text(*kind)));
}

bool is_kept_as_text(std::string_view name) {
    const auto kind = extract::kind_of_name(name);
    return kind == Kind::plain || kind == Kind::markdown;
}

std::vector<std::string_view> endings_kept_as_text() {
    auto endings = extract::endings_of(Kind::plain);
    for (const auto ending : extract::endings_of(Kind::markdown)) endings.push_back(ending);
    return endings;
}

Result<std::string> check_new_file(std::string_view name, std::int64_t bytes, std::int64_t most) {
    auto checked = check_name(name);
    if (!checked) return checked;
    if (bytes <= 0) return empty_file(*checked);
    if (is_kept_as_text(name) && bytes > static_cast<std::int64_t>(max_text_bytes))
        return refused(ErrorCode::too_large, *checked, "a text file may have at most 10 MiB");
    if (bytes > most)
        return refused(ErrorCode::too_large, *checked,
                       fmt::format("a file may have at most {} MiB", most / (1024 * 1024)));
    return checked;
}

Result<UploadedFile> check_upload(const http::Part& part) {
    const auto name = check_name(part.file_name);
    if (!name) return name.error();
    UploadedFile file;
    file.name = *name;
    file.media_type = std::string(extract::media_type_of_name(file.name));
    file.bytes = part.content;
    if (part.content.size() > max_file_bytes)
        return refused(ErrorCode::too_large, file.name,
                       "a file of a form may have at most 40 MiB; bring larger ones by /api/uploads");
    if (part.content.empty()) return empty_file(file.name);
    if (is_kept_as_text(file.name)) return with_text(std::move(file));
    return file;
}

Result<std::vector<UploadedFile>> read_upload(const http::Request& request) {
    auto parts = http::parse_multipart(request.header("content-type"), request.body, max_upload_files);
    if (!parts) return parts.error();
    std::vector<UploadedFile> files;
    for (const http::Part& part : *parts) {
        if (part.name != "file") {
            const bool nameable =
                utf8::valid(part.name) && !utf8::has_controls(part.name) && part.name.size() < 100;
            return bad_field("#/" + (nameable ? part.name : std::string("?")),
                             "is not a field of this request");
        }
        auto file = check_upload(part);
        if (!file) return file.error();
        files.push_back(std::move(*file));
    }
    if (files.empty()) return bad_field("#/file", "is required");
    return files;
}

std::string content_disposition(std::string_view name) {
    std::string plain;
    for (std::size_t at = 0; at < name.size();) {
        const char32_t c = utf8::next(name, at);
        plain += c < 0x80 && is_plain_in_quotes(static_cast<char>(c)) ? static_cast<char>(c) : '_';
    }
    std::string value = "attachment; filename=\"" + plain + "\"";
    if (plain == name) return value;
    value += "; filename*=UTF-8''";
    for (const char c : name) {
        if (is_attribute_character(c)) {
            value += c;
        } else {
            value += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return value;
}

}  // namespace bb::materials
