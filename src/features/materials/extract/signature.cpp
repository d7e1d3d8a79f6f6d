#include "features/materials/extract/signature.hpp"

#include <string>

#include "features/materials/extract/readers.hpp"

namespace bb::materials::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view compound_file = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv;

struct Signature {
    std::string_view bytes;
    std::string_view what;
};
constexpr std::string_view pdf_begins = "%PDF-"sv;
constexpr Signature signatures[] = {
    {pdf_begins, "a PDF"},
    {"PK\x03\x04"sv, "a ZIP archive (as .docx, .pptx, .xlsx, .odt and .epub are)"},
    {"PK\x05\x06"sv, "an empty ZIP archive"},
    {"\x89PNG\r\n"sv, "a picture (PNG)"},
    {"\xff\xd8\xff"sv, "a picture (JPEG)"},
    {"GIF8"sv, "a picture (GIF)"},
    {"RIFF"sv, "a picture, a sound or a film (RIFF)"},
    {"ID3"sv, "a sound (MP3)"},
    {"\x1f\x8b"sv, "a gzip archive"},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7z archive"},
    {"Rar!\x1a"sv, "a RAR archive"},
    {"\x7f"
     "ELF"sv,
     "a program"},
    {"{\\rtf"sv, "an RTF document"},
};

bool is_archive(Kind kind) {
    return kind >= Kind::docx && kind <= Kind::epub;
}

/// What files of this kind begin with; empty where they begin as they like.
std::string_view begin_of(Kind kind) {
    return is_archive(kind) ? "PK"sv : kind == Kind::pdf ? pdf_begins : ""sv;
}

/// An RTF document is text all the same, and "RIFF" or "ID3" are words that a text may begin with.
bool may_begin_a_text(std::string_view bytes) {
    return bytes.find('\0') == std::string_view::npos &&
           (bytes.starts_with("RIFF") || bytes.starts_with("ID3") || bytes.starts_with("GIF8"));
}

}  // namespace

std::optional<Unread> wrong_content(Kind kind, std::string_view bytes) {
    if (bytes.empty()) return Unread{Fault::empty, "The file is empty."};
    if (bytes.starts_with(compound_file))
        return locked(
            "The file is protected by a password, or is of an old format (.doc, .xls, .ppt). Save it as "
            ".docx, "
            ".xlsx or .pptx without a password, and upload that.");
    if (kind == Kind::picture) return std::nullopt;
    const auto right = begin_of(kind);
    for (const auto& [begin, what] : signatures) {
        if (!bytes.starts_with(begin) || (!is_archive(kind) && may_begin_a_text(bytes))) continue;
        if (!right.empty() && begin.starts_with(right)) return std::nullopt;
        return mismatch("The file is not what its name says: it is " + std::string(what) + ".");
    }
    if (is_archive(kind))
        return damaged("The file is damaged, or is not what its name says: it does not begin as one.");
    return std::nullopt;
}

}  // namespace bb::materials::extract
