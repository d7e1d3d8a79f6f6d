#include <algorithm>
#include <array>
#include <map>

#include "base/core/utf8.hpp"
#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/markdown.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/word_styles.hpp"

namespace bb::materials::extract {
namespace {

constexpr int widest_cell = 50;
constexpr std::size_t most_cells_of_word = 200;

bool is_switched_on(pugi::xml_node property) {
    const auto value = attribute_of(property, "val");
    return property && value != "0" && value != "false" && value != "off";
}

/// Whether Word made this of the headings: it would say each of them twice.
bool is_contents(pugi::xml_node node) {
    if (!is(node, "sdt")) return false;
    const auto gallery = child_of(child_of(child_of(node, "sdtPr"), "docPartObj"), "docPartGallery");
    return attribute_of(gallery, "val") == "Table of Contents";
}

/// A paragraph's words, with a form feed where a page ends, and what hangs on it.
struct WordParagraph {
    std::string words;
    std::vector<pugi::xml_node> boxes;  // text boxes anchored in it
};

struct WordNotes {
    std::optional<Xml> part;
    std::map<std::string, pugi::xml_node, std::less<>> by_id;
};

/// Walks over the body of a Word document.
class WordWalker {
public:
    WordWalker(Package& package, Markdown& out) : styles_(package, package.main_name()), out_(out) {
        footnotes_.part = package.optional_part(package.main_name(), "footnotes");
        endnotes_.part = package.optional_part(package.main_name(), "endnotes");
        for (WordNotes* notes : {&footnotes_, &endnotes_})
            if (notes->part)
                for (const auto node : notes->part->root())
                    notes->by_id.emplace(attribute_of(node, "id"), node);
    }

    void blocks(pugi::xml_node parent) {
        for (const auto node : parent) {
            if (out_.full()) return;
            if (is(node, "p")) {
                paragraph(node);
            } else if (is(node, "tbl")) {
                table(node);
            } else if (is(node, "AlternateContent")) {
                blocks(alternative(node));
            } else if (is_contents(node)) {
                continue;
            } else if (is(node, "sdt") || is(node, "sdtContent") || is(node, "ins") || is(node, "moveTo") ||
                       is(node, "customXml")) {
                blocks(node);
            }
        }
    }

    void notes() {
        for (std::size_t i = 0; i < notes_.size() && !out_.full(); ++i) {
            std::string words;
            const pugi::xml_node note = notes_[i];
            for (const auto node : note)
                if (is(node, "p")) words += words_of(node).words + ' ';
            out_.raw(i == 0 ? "\n" : "");
            out_.raw("[^" + std::to_string(i + 1) + "]: " + one_line(words) + '\n');
        }
    }

private:
    static pugi::xml_node alternative(pugi::xml_node node) {
        const auto choice = child_of(node, "Choice");
        return choice ? choice : child_of(node, "Fallback");
    }

    WordParagraph words_of(pugi::xml_node paragraph) {
        WordParagraph made;
        inside(paragraph, made);
        return made;
    }

    void inside(pugi::xml_node parent, WordParagraph& made) {
        for (const auto node : parent) {
            const auto name = name_of(node);
            if (name == "r") {
                run(node, made);
            } else if (name == "AlternateContent") {
                inside(alternative(node), made);
            } else if (name == "t") {
                made.words += node.text().get();
            } else if (name == "drawing" || name == "pict") {
                boxes(node, made);
            } else if (name != "del" && name != "moveFrom" && name != "pPr" && name != "sdtPr" &&
                       name != "p" && name != "tbl") {
                inside(node, made);
            }
        }
    }

    void run(pugi::xml_node node, WordParagraph& made) {
        const auto properties = child_of(node, "rPr");
        if (is_switched_on(child_of(properties, "vanish"))) return;
        const auto before = made.words.size();
        for (const auto part : node) part_of_run(part, made);
        const bool raised = attribute_of(child_of(properties, "vertAlign"), "val") == "superscript";
        if (raised && made.words.size() > before && made.words[before] != '[')
            made.words.insert(before, 1, '^');
    }

    void part_of_run(pugi::xml_node node, WordParagraph& made) {
        const auto name = name_of(node);
        if (name == "t") {
            made.words += node.text().get();
        } else if (name == "br") {
            made.words += attribute_of(node, "type") == "page" ? '\f' : '\n';
        } else if (name == "lastRenderedPageBreak") {
            made.words += '\f';
        } else if (name == "cr") {
            made.words += '\n';
        } else if (name == "tab" || name == "ptab") {
            made.words += '\t';
        } else if (name == "noBreakHyphen") {
            made.words += '-';
        } else if (name == "footnoteReference") {
            note(footnotes_, node, made);
        } else if (name == "endnoteReference") {
            note(endnotes_, node, made);
        } else if (name == "drawing" || name == "pict" || name == "object") {
            boxes(node, made);
        } else if (name == "AlternateContent") {
            for (const auto part : alternative(node)) part_of_run(part, made);
        } else if (name == "ruby") {
            inside(child_of(node, "rubyBase"), made);
        }
    }

    void note(const WordNotes& notes, pugi::xml_node reference, WordParagraph& made) {
        const auto found = notes.by_id.find(attribute_of(reference, "id"));
        if (found == notes.by_id.end() || notes_.size() >= most_notes) return;
        notes_.push_back(found->second);
        made.words += "[^" + std::to_string(notes_.size()) + ']';
    }

    static void boxes(pugi::xml_node node, WordParagraph& made) {
        for (const auto child : node) {
            if (is(child, "txbxContent"))
                made.boxes.push_back(child);
            else if (is(child, "AlternateContent"))
                boxes(alternative(child), made);
            else
                boxes(child, made);
        }
    }

    void paragraph(pugi::xml_node node) {
        const auto properties = child_of(node, "pPr");
        if (is_switched_on(child_of(properties, "pageBreakBefore"))) out_.page_break();
        const WordParagraph made = words_of(node);
        const int level = styles_.heading_level(node);
        const auto item = level == 0 ? styles_.item(node) : std::nullopt;
        bool first = true;
        for (std::size_t from = 0; from <= made.words.size();) {
            const auto end = std::min(made.words.find('\f', from), made.words.size());
            const auto words = std::string_view(made.words).substr(from, end - from);
            if (!utf8::trim(words).empty()) {
                piece(words, level, first ? item : std::nullopt);
                first = false;
            }
            if (end < made.words.size()) out_.page_break();
            from = end + 1;
        }
        for (const auto box : made.boxes) blocks(box);
        end_section(child_of(properties, "sectPr"));
    }

    void end_section(pugi::xml_node section) {
        const auto type = attribute_of(child_of(section, "type"), "val");
        if (section && type != "continuous" && type != "nextColumn") out_.page_break();
    }

    void piece(std::string_view words, int level, const std::optional<WordStyles::Item>& item) {
        if (level > 0)
            out_.heading(level, words);
        else if (item)
            list_item(words, *item);
        else
            out_.paragraph(words);
    }

    void list_item(std::string_view words, const WordStyles::Item& item) {
        if (item.depth == 0 && item.list != last_list_) {
            out_.end_list();
            last_list_ = item.list;
        }
        out_.item(item.depth, item.numbered ? next_number(item) : 0, words);
    }

    int next_number(const WordStyles::Item& item) {
        auto& counts = counts_[item.list];
        const auto depth = static_cast<std::size_t>(item.depth);
        counts[depth] = counts[depth] == 0 ? std::max(item.start, 1) : counts[depth] + 1;
        std::fill(counts.begin() + item.depth + 1, counts.end(), 0);
        return counts[depth];
    }

    void table(pugi::xml_node node) {
        std::vector<Row> rows;
        Row head;
        for_each_row(node, [&](pugi::xml_node tr) {
            Row row = cells_of(tr);
            const bool breaks = std::any_of(row.begin(), row.end(), [](const std::string& cell) {
                return cell.find('\f') != std::string::npos;
            });
            if (breaks && !rows.empty()) {
                out_.table(rows);
                out_.page_break();
                rows = {head};
            }
            if (head.empty()) head = row;
            out_.add_row(rows, std::move(row));
        });
        out_.table(rows);
    }

    template <class Visit>
    static void for_each_row(pugi::xml_node node, Visit visit) {
        for (const auto child : node) {
            if (is(child, "tr")) {
                if (!child_of(child_of(child, "trPr"), "del")) visit(child);
            } else if (is(child, "sdt") || is(child, "sdtContent") || is(child, "ins")) {
                for_each_row(child, visit);
            }
        }
    }

    Row cells_of(pugi::xml_node tr) {
        Row row;
        for (const auto child : tr) {
            const auto cell = is(child, "sdt") ? child_of(child_of(child, "sdtContent"), "tc") : child;
            if (!is(cell, "tc") || row.size() >= most_cells_of_word) continue;
            const auto properties = child_of(cell, "tcPr");
            const auto merge = child_of(properties, "vMerge");
            std::string words;
            if (!merge || attribute_of(merge, "val") == "restart") cell_words(cell, words);
            row.push_back(std::move(words));
            const int span = number_of(attribute_of(child_of(properties, "gridSpan"), "val"), widest_cell, 1);
            row.resize(row.size() + static_cast<std::size_t>(std::max(span, 1)) - 1);
        }
        return row;
    }

    void cell_words(pugi::xml_node parent, std::string& words) {
        for (const auto node : parent) {
            if (is(node, "p"))
                words += words_of(node).words + ' ';
            else if (!is(node, "tcPr"))
                cell_words(node, words);
        }
    }

    static constexpr std::size_t most_notes = 5000;

    WordStyles styles_;
    Markdown& out_;
    WordNotes footnotes_;
    WordNotes endnotes_;
    std::vector<pugi::xml_node> notes_;
    std::map<std::string, std::array<int, 9>> counts_;  // of each list the numbers given last
    std::string last_list_;                             // whose items stand at the margin
};

}  // namespace

Read<std::string> read_docx(std::string_view bytes, const Limits& limits) {
    auto package = Package::open(bytes, limits);
    if (!package) return package.error();
    const auto document = package->main_part("document");
    if (!document) return document.error();
    Markdown out(limits.text_bytes);
    WordWalker walker(*package, out);
    walker.blocks(child_of(document->root(), "body"));
    walker.notes();
    if (out.full()) return too_much();
    return out.take();
}

}  // namespace bb::materials::extract
