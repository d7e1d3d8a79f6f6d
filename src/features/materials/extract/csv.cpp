#include <algorithm>
#include <optional>
#include <vector>

#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/markdown.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/sheet_table.hpp"
#include "features/materials/extract/tidy.hpp"

namespace bb::materials::extract {
namespace {

constexpr std::size_t most_cells_of_row = 1000;

/// Reads RFC 4180 row by row.
class CsvRows {
public:
    CsvRows(std::string_view text, char separator) : text_(text), separator_(separator) {}

    std::optional<Row> next() {
        if (at_ >= text_.size()) return std::nullopt;
        Row row;
        do {
            std::string text = cell();
            if (row.size() < most_cells_of_row) row.push_back(std::move(text));
        } while (more_in_row_);
        return row;
    }

private:
    std::string cell() {
        std::string cell;
        const bool quoted = at_ < text_.size() && text_[at_] == '"';
        if (quoted) quoted_part(cell);
        const auto end = std::min(text_.find_first_of(std::string({separator_, '\n'}), at_), text_.size());
        cell.append(text_.substr(at_, end - at_));
        more_in_row_ = end < text_.size() && text_[end] == separator_;
        at_ = end + 1;
        return cell;
    }

    void quoted_part(std::string& cell) {
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] != '"') {
                cell += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                cell += text_[++at_];
            } else {
                ++at_;
                return;
            }
        }
    }

    std::string_view text_;
    char separator_;
    std::size_t at_ = 0;
    bool more_in_row_ = false;
};

/// The separator that cuts the first rows into the most cells, all rows alike.
char separator_of(std::string_view text) {
    char best = ',';
    std::size_t most = 0;
    for (const char candidate : {',', ';', '\t', '|'}) {
        CsvRows rows(text.substr(0, 65'536), candidate);
        std::size_t alike = 0;
        std::size_t cells = 0;
        for (int i = 0; i < 10; ++i) {
            const auto row = rows.next();
            if (!row || (i > 0 && row->size() != cells)) break;
            cells = row->size();
            ++alike;
        }
        const std::size_t worth = cells > 1 ? alike * 1000 + std::min<std::size_t>(cells, 999) : 0;
        if (worth > most) {
            most = worth;
            best = candidate;
        }
    }
    return best;
}

}  // namespace

Read<std::string> read_csv(std::string_view bytes, const Limits& limits) {
    const auto decoded_bytes = decoded(bytes);
    if (!decoded_bytes) return decoded_bytes.error();
    std::string tidied = tidy(*decoded_bytes);
    std::string_view text = tidied;
    char separator = separator_of(text);
    if (text.starts_with("sep=") && text.size() > 5 && text[5] == '\n') {
        separator = text[4];
        text.remove_prefix(6);
    }
    CsvRows rows(text, separator);
    SheetTable table(limits);
    for (std::size_t i = 0; auto row = rows.next(); ++i) {
        for (std::size_t column = 0; column < row->size(); ++column)
            table.put(i, column, one_line((*row)[column]));
        if (table.overflows()) return too_much();
    }
    Markdown out(limits.text_bytes);
    table.append_to(out);
    if (out.full()) return too_much();
    return out.take();
}

}  // namespace bb::materials::extract
