#include "base/http/multipart.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/utf8.hpp"

namespace bb::http {
namespace {

bool equal_names(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

/// A parameter of a header value: name="text" with \" and \\ escapes, or name=token. False when it is absent.
bool parameter(std::string_view value, std::string_view name, std::string& out) {
    for (auto at = value.find(';'); at != std::string_view::npos; at = value.find(';', at)) {
        std::string_view rest = utf8::trim(value.substr(++at));
        const auto equals = rest.find('=');
        if (equals == std::string_view::npos) return false;
        const bool wanted = equal_names(utf8::trim(rest.substr(0, equals)), name);
        rest.remove_prefix(equals + 1);
        std::string text;
        std::size_t i = 0;
        if (!rest.empty() && rest[0] == '"') {
            for (i = 1; i < rest.size() && rest[i] != '"'; ++i) {
                // Browsers escape quotes as %22; a backslash before anything else is part of the name.
                if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\'))
                    ++i;
                text += rest[i];
            }
        } else {
            i = std::min(rest.find(';'), rest.size());
            text = std::string(utf8::trim(rest.substr(0, i)));
        }
        if (wanted) {
            out = std::move(text);
            return true;
        }
        at = static_cast<std::size_t>(rest.data() - value.data()) + i;
    }
    return false;
}

Error broken(std::string_view why) {
    return Error(ErrorCode::malformed, fmt::format("The upload is broken: {}.", why));
}

void read_part_header(std::string_view line, Part& part) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = utf8::trim(line.substr(colon + 1));
    if (equal_names(name, "content-disposition")) {
        parameter(value, "name", part.name);
        parameter(value, "filename", part.file_name);
        const auto slash = part.file_name.find_last_of("/\\");
        if (slash != std::string::npos) part.file_name.erase(0, slash + 1);
    } else if (equal_names(name, "content-type")) {
        part.media_type = std::string(value);
    }
}

Result<Part> read_part(std::string_view raw) {
    Part part;
    for (int lines = 0; lines < 20; ++lines) {
        const auto end = raw.find("\r\n");
        if (end == std::string_view::npos) return broken("a part has no end of its header");
        const std::string_view line = raw.substr(0, end);
        raw.remove_prefix(end + 2);
        if (line.empty()) {
            part.content = raw;
            const bool text = utf8::valid(part.name) && utf8::valid(part.file_name);
            if (!text || utf8::has_controls(part.name) || utf8::has_controls(part.file_name))
                return broken("a name in it is not readable text");
            return part;
        }
        read_part_header(line, part);
    }
    return broken("a part has too many header lines");
}

}  // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body,
                                          std::size_t max_parts) {
    std::string boundary;
    if (!equal_names(utf8::trim(content_type.substr(0, content_type.find(';'))), "multipart/form-data"))
        return Error(ErrorCode::wrong_type, "Files must be sent as multipart/form-data.");
    if (!parameter(content_type, "boundary", boundary) || boundary.empty() || boundary.size() > 70)
        return broken("it names no boundary");
    const std::string delimiter = "\r\n--" + boundary;
    std::vector<Part> parts;
    // The first delimiter may stand at the very start, without its line break.
    const bool at_start = body.substr(0, delimiter.size() - 2) == std::string_view(delimiter).substr(2);
    std::size_t at = at_start ? 0 : body.find(delimiter);
    if (at == std::string_view::npos) return broken("its boundary is nowhere to be found");
    at += at_start ? delimiter.size() - 2 : delimiter.size();
    while (body.substr(at, 2) != "--") {
        if (body.substr(at, 2) != "\r\n") return broken("a boundary is not followed by a line break");
        at += 2;
        const auto end = body.find(delimiter, at);
        if (end == std::string_view::npos) return broken("its end is missing");
        if (parts.size() == max_parts)
            return Error(ErrorCode::too_large, "There are too many parts in this upload.");
        auto part = read_part(body.substr(at, end - at));
        if (!part) return part.error();
        parts.push_back(std::move(*part));
        at = end + delimiter.size();
    }
    return parts;
}

}  // namespace bb::http
