#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "features/materials/extract/fault.hpp"
#include "features/materials/text/blocks.hpp"

namespace bb::materials::extract {

/// The version of all that makes a file's bytes its text and its passages, from 1. Raised with every change
/// after which others come out of a file: then files that were read before are read again.
inline constexpr int reader_version = 3;

/// What a file is read as.
enum class Kind {
    markdown,
    plain,
    code,
    csv,
    subtitles,
    html,
    docx,
    pptx,
    xlsx,
    odt,
    odp,
    ods,
    epub,
    pdf,
    picture
};

/// By the ending of its name; none for what cannot be read. Lower and upper case are alike.
std::optional<Kind> kind_of_name(std::string_view name);

/// The endings of files that are read as `kind`, in lower case; those of source code are not told.
std::vector<std::string_view> endings_of(Kind kind);

/// What a file with this name is sent as; "application/octet-stream" for what cannot be read.
std::string_view media_type_of_name(std::string_view name);

/// The ending of names of files that are sent as `type`; empty where that says not what they are read as.
std::string_view ending_of_media_type(std::string_view type);

/// Whether the text that read() gives is Markdown (headings, tables) or plain.
text::Format format_of(Kind kind);

/// How much a file may hold, whatever it says of itself.
struct Limits {
    std::size_t unpacked_bytes = 64u << 20;  // of all the members of an archive that are read
    std::size_t entries = 10'000;            // of an archive
    std::size_t ratio = 300;                 // unpacked to packed, from a megabyte on
    std::size_t text_bytes = 8u << 20;       // that come out
    std::size_t tree_bytes = 256u << 20;     // of the parsed tree of one page or member
    int depth = 200;                         // of elements within each other
    int html_seconds = 4;                    // of the processor, to parse one page
    std::size_t rows = 20'000;               // of a table
    std::size_t columns = 100;
};

/// The text of a file: UTF-8, lines that end in LF, and a form feed alone on its line between the pages,
/// slides or sheets of kinds that have them. Kinds pdf and picture are not read here. Faults: damaged, empty,
/// mismatch, locked, too_large.
Read<std::string> read(Kind kind, std::string_view bytes, std::string_view name, const Limits& limits = {});

}  // namespace bb::materials::extract
