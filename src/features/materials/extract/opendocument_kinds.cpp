#include <algorithm>

#include "base/core/utf8.hpp"
#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/opendocument.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/sheet_table.hpp"

namespace bb::materials::extract {
namespace {

constexpr int most_rows_of_calc = 1'048'576;
constexpr std::size_t longest_open_cell = 4 * 32'767;
constexpr int most_columns_of_calc = 16'384;

std::string_view class_of(pugi::xml_node frame) {
    return attribute_of(frame, "class");
}

void append_slide(const OpenDocument& document, const Limits& limits, Markdown& out, pugi::xml_node page) {
    OpenWalker walker(document, limits, out);
    for (const auto frame : page)
        if (class_of(frame) == "title") out.heading(1, walker.words_below(frame));
    for (const auto frame : page) {
        const auto kind = class_of(frame);
        if (kind == "title" || kind == "page-number" || kind == "date-time" || kind == "footer") continue;
        if (!is(frame, "notes")) walker.blocks(frame);
    }
    for (const auto frame : child_of(page, "notes")) {
        if (class_of(frame) != "notes") continue;
        const std::string words = walker.words_below(frame);
        if (!utf8::trim(words).empty()) out.paragraph("Notes: " + words);
    }
}

std::string text_of_cell(OpenWalker& walker, pugi::xml_node cell) {
    const auto type = attribute_of(cell, "value-type");
    if (type == "date") {
        std::string date(attribute_of(cell, "date-value"));
        std::replace(date.begin(), date.end(), 'T', ' ');
        return date;
    }
    std::string words = one_line(walker.words_below(cell));
    words.resize(std::min(words.size(), longest_open_cell));
    return words;
}

/// Reads the rows of one sheet, of which empty ones and empty cells may be repeated a million times.
class OpenSheet {
public:
    OpenSheet(OpenWalker& walker, const Limits& limits) : walker_(walker), limits_(limits), table_(limits) {}

    void read(pugi::xml_node node) {
        for (const auto child : node) {
            if (table_.overflows()) return;
            if (is(child, "table-row"))
                row(child);
            else if (is(child, "table-rows") || is(child, "table-row-group") ||
                     is(child, "table-header-rows"))
                read(child);
        }
    }

    const SheetTable& table() const { return table_; }

private:
    void row(pugi::xml_node node) {
        Row cells;
        for (const auto cell : node) {
            const bool covered = is(cell, "covered-table-cell");
            if (!covered && !is(cell, "table-cell")) continue;
            const int times =
                number_of(attribute_of(cell, "number-columns-repeated"), most_columns_of_calc, 1);
            const std::string text = covered ? std::string() : text_of_cell(walker_, cell);
            const auto room = limits_.columns + 1 - std::min(cells.size(), limits_.columns + 1);
            cells.insert(cells.end(), std::min(static_cast<std::size_t>(times), room), text);
        }
        const bool filled =
            std::any_of(cells.begin(), cells.end(), [](const std::string& cell) { return !cell.empty(); });
        const int times = number_of(attribute_of(node, "number-rows-repeated"), most_rows_of_calc, 1);
        for (int i = 0; filled && i < times && i < static_cast<int>(limits_.rows); ++i, ++next_row_) {
            for (std::size_t column = 0; column < cells.size(); ++column)
                table_.put(next_row_, column, cells[column]);
            if (table_.overflows()) return;
        }
        if (!filled) ++next_row_;
    }

    OpenWalker& walker_;
    Limits limits_;
    SheetTable table_;
    std::size_t next_row_ = 0;
};

}  // namespace

Read<std::string> read_odt(std::string_view bytes, const Limits& limits) {
    const auto document = OpenDocument::open(bytes, limits, "text");
    if (!document) return document.error();
    Markdown out(limits.text_bytes);
    OpenWalker walker(*document, limits, out);
    walker.blocks(document->body());
    walker.notes();
    if (out.full()) return too_much();
    return out.take();
}

Read<std::string> read_odp(std::string_view bytes, const Limits& limits) {
    const auto document = OpenDocument::open(bytes, limits, "presentation");
    if (!document) return document.error();
    Markdown out(limits.text_bytes);
    bool first = true;
    for (const auto page : document->body()) {
        if (!is(page, "page")) continue;
        if (!first) out.page();
        first = false;
        append_slide(*document, limits, out, page);
        if (out.full()) return too_much();
    }
    return out.take();
}

Read<std::string> read_ods(std::string_view bytes, const Limits& limits) {
    const auto document = OpenDocument::open(bytes, limits, "spreadsheet");
    if (!document) return document.error();
    Markdown out(limits.text_bytes);
    OpenWalker walker(*document, limits, out);
    bool first = true;
    for (const auto node : document->body()) {
        if (!is(node, "table") || document->style(attribute_of(node, "style-name")).hidden) continue;
        OpenSheet sheet(walker, limits);
        sheet.read(node);
        if (sheet.table().overflows()) return too_much();
        if (sheet.table().empty()) continue;
        if (!first) out.page();
        first = false;
        out.heading(1, attribute_of(node, "name"));
        sheet.table().append_to(out);
        if (out.full()) return too_much();
    }
    return out.take();
}

}  // namespace bb::materials::extract
