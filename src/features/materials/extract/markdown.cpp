#include "features/materials/extract/markdown.hpp"

#include <algorithm>
#include <cctype>

#include "features/materials/extract/encoding.hpp"

namespace bb::materials::extract {
namespace {

constexpr int deepest_item = 8;
constexpr std::size_t most_rows_held = 1'600;
constexpr std::size_t most_cells = 4u << 20;  // of one table, with those that make its rows equally long

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Where a backslash keeps the line from being more than words; npos when nothing is needed.
std::size_t place_of_escape(std::string_view line) {
    const auto is_all = [&](char mark) {
        return std::all_of(line.begin(), line.end(), [mark](char c) { return c == mark; });
    };
    const auto gap_at = [&](std::size_t i) {
        return i >= line.size() || line[i] == ' ';
    };
    if (line.empty()) return std::string_view::npos;
    const char first = line[0];
    if (first == '|' || first == '>' || line.starts_with("```") || line.starts_with("~~~")) return 0;
    if ((first == '=' || first == '-' || first == '*' || first == '_') && is_all(first)) return 0;
    if ((first == '-' || first == '*' || first == '+') && gap_at(1)) return 0;
    const auto marks = std::min(line.find_first_not_of('#'), line.size());
    if (marks > 0 && marks <= 6 && gap_at(marks)) return 0;
    std::size_t digits = 0;
    while (digits < line.size() && is_digit(line[digits])) ++digits;
    const bool numbered = digits > 0 && digits < 10 && digits < line.size() &&
                          (line[digits] == '.' || line[digits] == ')') && gap_at(digits + 1);
    return numbered ? digits : std::string_view::npos;
}

std::string escaped(std::string line) {
    const auto at = place_of_escape(line);
    if (at != std::string_view::npos) line.insert(at, 1, '\\');
    return line;
}

/// Each line of `words` by itself, with `prefix` before it.
std::string escaped_lines(std::string_view words, std::string_view prefix) {
    std::string out;
    for (std::size_t from = 0; from <= words.size();) {
        const auto end = std::min(words.find('\n', from), words.size());
        const std::string line = one_line(words.substr(from, end - from));
        if (!line.empty()) {
            if (!out.empty()) out += '\n';
            out.append(prefix).append(escaped(line));
        }
        from = end + 1;
    }
    return out;
}

void append_row(std::string& out, const Row& row, std::size_t columns) {
    out += '|';
    for (std::size_t i = 0; i < columns; ++i) {
        out += ' ';
        if (i < row.size())
            for (const char c : one_line(row[i])) {
                if (c == '|') out += '\\';
                out += c;
            }
        out += out.back() == ' ' ? "|" : " |";
    }
    out += '\n';
}

}  // namespace

std::string fence_for(std::string_view text) {
    std::size_t longest = 2;
    std::size_t run = 0;
    for (const char c : text) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return std::string(longest + 1, '`');
}

void Markdown::raw(std::string_view text) {
    if (text.empty()) return;
    full_ = full_ || text_.size() + text.size() > most_;
    if (full_) return;
    text_.append(text);
    page_begun_ = false;
}

void Markdown::block(std::string_view text) {
    if (text.empty()) return;
    if (!text_.empty() && !text_.ends_with("\f\n")) raw(text_.ends_with('\n') ? "\n" : "\n\n");
    raw(text);
    raw("\n");
    last_depth_ = -1;
}

void Markdown::heading(int level, std::string_view words) {
    const std::string line = one_line(words);
    if (line.empty()) return;
    block(std::string(static_cast<std::size_t>(std::clamp(level, 1, 6)), '#') + ' ' + line);
}

void Markdown::paragraph(std::string_view words) {
    block(escaped_lines(words, ""));
}

void Markdown::quote(std::string_view words) {
    block(escaped_lines(words, "> "));
}

void Markdown::item(int depth, int number, std::string_view words) {
    const std::string line = escaped(one_line(words));
    if (line.empty()) return;
    const int placed = std::clamp(depth, 0, std::min(last_depth_ + 1, deepest_item));
    std::string text(static_cast<std::size_t>(placed) * 4, ' ');
    text += number > 0 ? std::to_string(number) + ". " : "- ";
    text += line;
    if (last_depth_ < 0) {
        block(text);
    } else {
        raw(text);
        raw("\n");
    }
    last_depth_ = placed;
}

void Markdown::code(std::string_view given, std::string_view language) {
    std::string text(given);
    std::erase_if(text,
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'; });
    while (text.ends_with('\n')) text.pop_back();
    if (text.empty()) return;
    const std::string fence = fence_for(text);
    block(fence + std::string(language) + '\n' + text + '\n' + fence);
}

std::size_t Markdown::one_table(const std::vector<Row>& rows, std::size_t from, std::size_t columns) {
    std::string out;
    append_row(out, rows[0], columns);
    out += '|';
    for (std::size_t i = 0; i < columns; ++i) out += " --- |";
    out += '\n';
    const auto most = out.size() + most_bytes_of_a_table;
    while (from < rows.size() && out.size() < most) append_row(out, rows[from++], columns);
    out.pop_back();
    block(out);
    return from;
}

void Markdown::table(const std::vector<Row>& rows) {
    if (rows.empty()) return;
    std::size_t columns = 0;
    for (const Row& row : rows) columns = std::max(columns, row.size());
    if (columns == 0) return;
    full_ = full_ || columns * rows.size() > most_cells;
    if (full_) return;
    if (columns == 1) {
        for (const Row& row : rows)
            if (!row.empty()) paragraph(row[0]);
        return;
    }
    std::size_t from = 1;
    do from = one_table(rows, from, columns);
    while (from < rows.size() && !full_);
}

void Markdown::add_row(std::vector<Row>& rows, Row row) {
    if (std::all_of(row.begin(), row.end(), [](const std::string& cell) { return one_line(cell).empty(); }))
        return;
    rows.push_back(std::move(row));
    if (rows.size() <= most_rows_held) return;
    table(rows);
    rows.resize(1);
}

void Markdown::page() {
    raw("\n\f\n");
    page_begun_ = true;
    last_depth_ = -1;
}

void Markdown::page_break() {
    if (!page_begun_) page();
}

}  // namespace bb::materials::extract
