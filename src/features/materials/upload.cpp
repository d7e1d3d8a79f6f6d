#include "features/materials/upload.hpp"

#include <fmt/format.h>

#include "base/core/utf8.hpp"
#include "base/http/multipart.hpp"
#include "features/materials/text/fold.hpp"

namespace bb::materials {
namespace {

constexpr std::size_t longest_name = 255;

bool has_ending(std::string_view name, std::string_view ending) {
    return name.size() > ending.size() && text::name_key(name.substr(name.size() - ending.size())) == ending;
}

Error refused(ErrorCode code, const std::string& name, std::string_view what) {
    Error error = bad_field("#/file", fmt::format("{}: {}", name, what));
    error.code = code;
    error.detail = error.fields[0].detail;
    return error;
}

bool is_plain_in_quotes(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
}

bool is_attribute_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

text::Format format_of_name(std::string_view name) {
    return media_type_of_name(name) == "text/markdown" ? text::Format::markdown : text::Format::plain;
}

std::string_view media_type_of_name(std::string_view name) {
    if (has_ending(name, ".md") || has_ending(name, ".markdown")) return "text/markdown";
    if (has_ending(name, ".txt") || has_ending(name, ".text")) return "text/plain";
    return {};
}

Result<UploadedFile> check_upload(const http::Part& part) {
    UploadedFile file;
    const std::string_view name = utf8::trim(part.file_name);
    if (!utf8::valid(name) || utf8::has_controls(name) ||
        name.find_first_of("\r\n\t") != std::string_view::npos)
        return bad_field("#/file", "has a name that is not text");
    file.name = std::string(name);
    if (name.empty()) return bad_field("#/file", "has no file name");
    if (utf8::length(name) > longest_name)
        return bad_field("#/file", "has a name of more than 255 characters");
    file.media_type = std::string(media_type_of_name(name));
    if (file.media_type.empty())
        return refused(ErrorCode::wrong_type, file.name, "only .txt and .md files can be read");
    if (part.content.size() > max_file_bytes)
        return refused(ErrorCode::too_large, file.name, "a file may have at most 10 MiB");
    file.bytes = part.content;
    file.text = part.content;
    if (file.text.starts_with("\xef\xbb\xbf")) file.text.remove_prefix(3);
    if (!utf8::valid(file.text))
        return refused(ErrorCode::invalid_input, file.name,
                       "the text is not UTF-8; save it as UTF-8 and try again");
    if (file.text.find('\0') != std::string_view::npos)
        return refused(ErrorCode::invalid_input, file.name,
                       "the text holds NUL bytes, so it is no text file");
    if (utf8::trim(file.text).empty())
        return refused(ErrorCode::invalid_input, file.name, "the file is empty");
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
