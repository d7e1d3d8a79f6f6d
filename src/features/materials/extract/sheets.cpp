#include <algorithm>
#include <map>
#include <vector>

#include "base/core/utf8.hpp"
#include "features/materials/extract/cells.hpp"
#include "features/materials/extract/markdown.hpp"
#include "features/materials/extract/package.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/sheet_table.hpp"

namespace bb::materials::extract {
namespace {

constexpr int most_rows_of_excel = 1'048'576;
constexpr std::size_t longest_cell = 4 * 32'767;  // bytes, of what Excel lets somebody type
constexpr int most_formats = 100'000;

/// The words of a shared or inline string, without those that tell how to say it.
std::string words_of_string(pugi::xml_node node) {
    std::string words;
    for (const auto child : node) {
        if (is(child, "t"))
            words += child.text().get();
        else if (is(child, "r"))
            words += child_of(child, "t").text().get();
    }
    words.resize(std::min(words.size(), longest_cell));
    return words;
}

/// The column of a cell called "AB12", from 0; `next` for one that is called nothing.
std::size_t column_of(std::string_view name, std::size_t next) {
    std::size_t column = 0;
    std::size_t letters = 0;
    for (; letters < name.size() && letters < 4 && name[letters] >= 'A' && name[letters] <= 'Z'; ++letters)
        column = column * 26 + static_cast<std::size_t>(name[letters] - 'A') + 1;
    return letters == 0 ? next : column - 1;
}

/// Reads the sheets of one workbook.
class Workbook {
public:
    Workbook(Package& package, const Xml& book, const Limits& limits, Markdown& out)
        : package_(package), book_(book), limits_(limits), out_(out) {
        const auto date1904 = attribute_of(child_of(book.root(), "workbookPr"), "date1904");
        from_1904_ = date1904 == "1" || date1904 == "true";
        if (const auto strings = package.optional_part(package.main_name(), "sharedStrings"))
            for (const auto node : strings->root())
                if (is(node, "si")) shared_.push_back(words_of_string(node));
        if (const auto styles = package.optional_part(package.main_name(), "styles")) formats(styles->root());
    }

    Read<void> read() {
        std::size_t sheets = 0;
        bool first = true;
        for (const auto node : child_of(book_.root(), "sheets")) {
            if (++sheets > limits_.entries) return too_much();
            const auto state = attribute_of(node, "state");
            if (state == "hidden" || state == "veryHidden") continue;
            const auto xml = package_.part(package_.by_id(package_.main_name(), relation_of(node)));
            if (!xml) return xml.error();
            if (!is(xml->root(), "worksheet")) continue;
            if (!first) out_.page();
            first = false;
            if (!sheet(attribute_of(node, "name"), child_of(xml->root(), "sheetData"))) return too_much();
        }
        return {};
    }

private:
    void formats(pugi::xml_node root) {
        std::map<int, CellFormat> own;
        for (const auto node : child_of(root, "numFmts"))
            own[number_of(attribute_of(node, "numFmtId"), most_formats)] =
                format_of_code(attribute_of(node, "formatCode"));
        for (const auto node : child_of(root, "cellXfs")) {
            const int id = number_of(attribute_of(node, "numFmtId"), most_formats);
            const auto found = own.find(id);
            formats_.push_back(found == own.end() ? format_of_number(id) : found->second);
        }
    }

    /// False when it holds too much.
    bool sheet(std::string_view name, pugi::xml_node data) {
        SheetTable table(limits_);
        std::size_t row = 0;
        for (const auto node : data) {
            const auto given = number_of(attribute_of(node, "r"), most_rows_of_excel);
            row = given > 0 ? static_cast<std::size_t>(given) : row + 1;
            std::size_t column = 0;
            for (const auto cell : node) {
                if (!is(cell, "c")) continue;
                column = column_of(attribute_of(cell, "r"), column);
                table.put(row, column++, cell_text(cell));
                if (table.overflows()) return false;
            }
        }
        if (table.empty()) return true;
        out_.heading(1, name);
        table.append_to(out_);
        return !out_.full();
    }

    std::string cell_text(pugi::xml_node cell) const {
        const auto type = attribute_of(cell, "t");
        if (type == "inlineStr") return words_of_string(child_of(cell, "is"));
        const std::string_view value = child_of(cell, "v").text().get();
        if (value.empty()) return {};
        if (type == "s") {
            const auto index = static_cast<std::size_t>(number_of(value, 1 << 30));
            return index < shared_.size() ? shared_[index] : std::string();
        }
        if (type == "b") return value == "1" ? "TRUE" : "FALSE";
        if (type == "str" || type == "e" || type == "d") return std::string(value);
        const auto style = static_cast<std::size_t>(number_of(attribute_of(cell, "s"), most_formats));
        return shown(value, style < formats_.size() ? formats_[style] : CellFormat::number, from_1904_);
    }

    Package& package_;
    const Xml& book_;
    Limits limits_;
    Markdown& out_;
    bool from_1904_ = false;
    std::vector<std::string> shared_;
    std::vector<CellFormat> formats_;
};

}  // namespace

Read<std::string> read_xlsx(std::string_view bytes, const Limits& limits) {
    auto package = Package::open(bytes, limits);
    if (!package) return package.error();
    const auto book = package->main_part("workbook");
    if (!book) return book.error();
    Markdown out(limits.text_bytes);
    const auto done = Workbook(*package, *book, limits, out).read();
    if (!done) return done.error();
    return out.take();
}

}  // namespace bb::materials::extract
