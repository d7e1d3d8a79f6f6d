#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bb::materials::text {

enum class Format { plain, markdown };

/// A run of lines that belong together. `start` and `end` are bytes without surrounding white space.
struct Block {
    enum class Kind {
        heading,
        prose,
        lines
    } kind = Kind::prose;  // lines: code or table, which end only at lines
    std::size_t start = 0;
    std::size_t end = 0;
    int level = 0;        // of a heading, 1 to 6
    std::string heading;  // its words, without marks
    int page = 0;         // from 1; 0 in a text without page breaks
    bool is_table = false;
};

/// Splits a text into blocks: in Markdown headings (both forms), fenced code, tables, list items and
/// paragraphs; in plain text paragraphs. Lines may end in LF or CR LF. A line of a form feed alone ends a
/// page.
std::vector<Block> blocks_of(std::string_view text, Format format);

}  // namespace bb::materials::text
