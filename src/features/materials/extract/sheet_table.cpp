#include "features/materials/extract/sheet_table.hpp"

#include <algorithm>

namespace bb::materials::extract {
namespace {

std::size_t filled_cells(const Row& row) {
    return static_cast<std::size_t>(
        std::count_if(row.begin(), row.end(), [](const std::string& cell) { return !cell.empty(); }));
}

}  // namespace

void SheetTable::put(std::size_t row, std::size_t column, std::string text) {
    if (text.empty() || overflows()) return;
    bytes_ += text.size();
    const bool begins = rows_.empty() || row != last_row_;
    if (column >= limits_.columns || (begins && rows_.size() >= limits_.rows)) {
        cut_ = true;
        return;
    }
    if (begins) rows_.emplace_back();
    last_row_ = row;
    Row& cells = rows_.back();
    if (cells.size() <= column) cells.resize(column + 1);
    cells[column] = std::move(text);
}

std::vector<bool> SheetTable::used_columns() const {
    std::vector<bool> used(limits_.columns);
    for (const Row& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            if (!row[i].empty()) used[i] = true;
    return used;
}

Row SheetTable::kept_cells(const Row& row, const std::vector<bool>& used) const {
    Row kept;
    for (std::size_t i = 0; i < row.size(); ++i)
        if (used[i]) kept.push_back(row[i]);
    return kept;
}

void SheetTable::append_to(Markdown& out) const {
    const bool is_wide =
        std::any_of(rows_.begin(), rows_.end(), [](const Row& row) { return filled_cells(row) > 1; });
    auto first = rows_.begin();
    for (; is_wide && first != rows_.end() && filled_cells(*first) == 1; ++first) {
        const auto words =
            std::find_if(first->begin(), first->end(), [](const std::string& cell) { return !cell.empty(); });
        out.paragraph(*words);
    }
    const auto used = used_columns();
    std::vector<Row> table;
    for (; first != rows_.end(); ++first) table.push_back(kept_cells(*first, used));
    out.table(table);
    if (cut_) out.paragraph("(The sheet goes on: further rows or columns are left out.)");
}

}  // namespace bb::materials::extract
