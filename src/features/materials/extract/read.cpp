#include "features/materials/extract/read.hpp"

#include <algorithm>
#include <cctype>
#include <new>

#include "base/core/utf8.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/signature.hpp"

namespace bb::materials::extract {
namespace {

struct Ending {
    std::string_view name;
    Kind kind;
    std::string_view media_type;
};

constexpr std::string_view word_type =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
constexpr std::string_view slides_type =
    "application/vnd.openxmlformats-officedocument.presentationml.presentation";
constexpr std::string_view sheets_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

constexpr Ending endings[] = {
    {"md", Kind::markdown, "text/markdown"},
    {"markdown", Kind::markdown, "text/markdown"},
    {"txt", Kind::plain, "text/plain"},
    {"text", Kind::plain, "text/plain"},
    {"log", Kind::plain, "text/plain"},
    {"rst", Kind::plain, "text/plain"},
    {"org", Kind::plain, "text/plain"},
    {"adoc", Kind::plain, "text/plain"},
    {"csv", Kind::csv, "text/csv"},
    {"tsv", Kind::csv, "text/tab-separated-values"},
    {"srt", Kind::subtitles, "application/x-subrip"},
    {"vtt", Kind::subtitles, "text/vtt"},
    {"html", Kind::html, "text/html"},
    {"htm", Kind::html, "text/html"},
    {"xhtml", Kind::html, "application/xhtml+xml"},
    {"docx", Kind::docx, word_type},
    {"docm", Kind::docx, "application/vnd.ms-word.document.macroEnabled.12"},
    {"dotx", Kind::docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.template"},
    {"pptx", Kind::pptx, slides_type},
    {"pptm", Kind::pptx, "application/vnd.ms-powerpoint.presentation.macroEnabled.12"},
    {"ppsx", Kind::pptx, "application/vnd.openxmlformats-officedocument.presentationml.slideshow"},
    {"xlsx", Kind::xlsx, sheets_type},
    {"xlsm", Kind::xlsx, "application/vnd.ms-excel.sheet.macroEnabled.12"},
    {"odt", Kind::odt, "application/vnd.oasis.opendocument.text"},
    {"odp", Kind::odp, "application/vnd.oasis.opendocument.presentation"},
    {"ods", Kind::ods, "application/vnd.oasis.opendocument.spreadsheet"},
    {"epub", Kind::epub, "application/epub+zip"},
    {"pdf", Kind::pdf, "application/pdf"},
    {"png", Kind::picture, "image/png"},
    {"jpg", Kind::picture, "image/jpeg"},
    {"jpeg", Kind::picture, "image/jpeg"},
    {"tif", Kind::picture, "image/tiff"},
    {"tiff", Kind::picture, "image/tiff"},
    {"webp", Kind::picture, "image/webp"},
};

constexpr std::string_view code_endings[] = {
    "asm", "bash", "bat",  "c",    "cc",  "clj", "cpp",   "cs",    "css",  "cxx",  "dart", "erl",    "ex",
    "exs", "f90",  "go",   "h",    "hpp", "hs",  "ini",   "ipynb", "java", "jl",   "js",   "json",   "jsx",
    "kt",  "kts",  "less", "lisp", "lua", "m",   "mjs",   "ml",    "pas",  "php",  "pl",   "proto",  "ps1",
    "py",  "r",    "rb",   "rkt",  "rs",  "s",   "scala", "scm",   "scss", "sh",   "sql",  "svelte", "swift",
    "tex", "toml", "ts",   "tsx",  "v",   "vb",  "vhdl",  "vue",   "xml",  "yaml", "yml",  "zig",
};

std::string ending_of(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return {};
    std::string ending(name.substr(dot + 1));
    for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return ending;
}

std::optional<Ending> look_up(std::string_view name) {
    const std::string ending = ending_of(name);
    for (const Ending& one : endings)
        if (one.name == ending) return one;
    if (std::find(std::begin(code_endings), std::end(code_endings), ending) != std::end(code_endings))
        return Ending{{}, Kind::code, "text/plain"};
    return std::nullopt;
}

bool holds_text(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x80 || std::isalnum(byte) != 0;
    });
}

Read<std::string> read_as(Kind kind, std::string_view bytes, std::string_view name, const Limits& limits) {
    switch (kind) {
        case Kind::markdown:
            return read_markdown(bytes);
        case Kind::plain:
            return read_plain(bytes);
        case Kind::code:
            return read_code(bytes, name, limits);
        case Kind::csv:
            return read_csv(bytes, limits);
        case Kind::subtitles:
            return read_subtitles(bytes);
        case Kind::html:
            return read_html(bytes, limits);
        case Kind::docx:
            return read_docx(bytes, limits);
        case Kind::pptx:
            return read_pptx(bytes, limits);
        case Kind::xlsx:
            return read_xlsx(bytes, limits);
        case Kind::odt:
            return read_odt(bytes, limits);
        case Kind::odp:
            return read_odp(bytes, limits);
        case Kind::ods:
            return read_ods(bytes, limits);
        case Kind::epub:
            return read_epub(bytes, limits);
        case Kind::pdf:
        case Kind::picture:
            break;
    }
    return mismatch("Files of this kind are read elsewhere.");
}

}  // namespace

std::optional<Kind> kind_of_name(std::string_view name) {
    const auto found = look_up(name);
    if (!found) return std::nullopt;
    return found->kind;
}

std::vector<std::string_view> endings_of(Kind kind) {
    std::vector<std::string_view> names;
    for (const Ending& one : endings)
        if (one.kind == kind) names.push_back(one.name);
    return names;
}

std::string_view media_type_of_name(std::string_view name) {
    const auto found = look_up(name);
    return found ? found->media_type : "application/octet-stream";
}

std::string_view ending_of_media_type(std::string_view type) {
    const auto found = std::find_if(std::begin(endings), std::end(endings),
                                    [type](const Ending& one) { return one.media_type == type; });
    const bool says_it = found != std::end(endings) && found->kind != Kind::plain;
    return says_it ? found->name : std::string_view();
}

text::Format format_of(Kind kind) {
    const bool plain =
        kind == Kind::plain || kind == Kind::subtitles || kind == Kind::pdf || kind == Kind::picture;
    return plain ? text::Format::plain : text::Format::markdown;
}

Unread damaged(std::string words) {
    return {Fault::damaged, std::move(words)};
}

Unread mismatch(std::string words) {
    return {Fault::mismatch, std::move(words)};
}

Unread locked(std::string words) {
    return {Fault::locked, std::move(words)};
}

Unread too_much() {
    return {Fault::too_large, "The file holds too much to be read. Split it into smaller files."};
}

Read<std::string> read(Kind kind, std::string_view bytes, std::string_view name, const Limits& limits) {
    if (auto wrong = wrong_content(kind, bytes)) return std::move(*wrong);
    auto text = read_as(kind, bytes, name, limits);
    if (!text) return text;
    if (!utf8::valid(*text)) text = utf8::repaired(*text);
    if (text->size() > limits.text_bytes) return too_much();
    if (!holds_text(*text)) return Unread{Fault::empty, "The file holds no text."};
    return text;
}

}  // namespace bb::materials::extract
