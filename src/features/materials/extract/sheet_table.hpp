#pragma once
#include <cstddef>
#include <string>

#include "features/materials/extract/markdown.hpp"
#include "features/materials/extract/read.hpp"

namespace bb::materials::extract {

/// Collects the cells of one sheet, whatever place they say to be at, and makes a table of what is not empty.
class SheetTable {
public:
    explicit SheetTable(const Limits& limits) : limits_(limits) {}

    /// Cells of rows come in order. Empty text is not kept; what lies beyond the limits is only counted.
    void put(std::size_t row, std::size_t column, std::string text);

    bool empty() const { return rows_.empty(); }
    /// Whether the cells hold more than may come out of a file.
    bool overflows() const { return bytes_ > limits_.text_bytes; }
    /// Appends rows with a single cell at the top as paragraphs, and the others as a table.
    void append_to(Markdown& out) const;

private:
    std::vector<bool> used_columns() const;
    Row kept_cells(const Row& row, const std::vector<bool>& used) const;

    Limits limits_;
    std::vector<Row> rows_;
    std::size_t last_row_ = 0;
    std::size_t bytes_ = 0;
    bool cut_ = false;
};

}  // namespace bb::materials::extract
