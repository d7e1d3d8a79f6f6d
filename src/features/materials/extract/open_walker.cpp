#include <algorithm>

#include "base/core/utf8.hpp"
#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/opendocument.hpp"

namespace bb::materials::extract {
namespace {

constexpr int most_repeats = 50;
constexpr std::size_t longest_repeated = 200;
constexpr std::size_t most_open_notes = 5000;

bool is_left_out(std::string_view name) {
    return name == "tracked-changes" || name == "annotation" || name == "annotation-end" || name == "title" ||
           name == "desc" || name == "ruby-text" || name == "notes" || name == "forms" ||
           name == "sequence-decls" || name == "table-of-content" || name == "index-title" ||
           name == "object" || name == "image" || name == "event-listeners" || name == "settings" ||
           name.ends_with("-source");
}

}  // namespace

void OpenWalker::blocks(pugi::xml_node parent) {
    for (const auto node : parent) {
        if (out_.full()) return;
        block(node);
    }
}

void OpenWalker::block(pugi::xml_node node) {
    const auto name = name_of(node);
    if (name == "p" || name == "h")
        paragraph(node);
    else if (name == "list")
        list(node, attribute_of(node, "style-name"));
    else if (name == "table")
        table(node);
    else if (name == "soft-page-break")
        out_.page_break();
    else if (!is_left_out(name))
        blocks(node);
}

void OpenWalker::inside(pugi::xml_node parent, std::string& words) {
    for (const auto node : parent) {
        if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata)
            for (const char c : std::string_view(node.value())) words += c == '\n' ? ' ' : c;
        else
            span(node, words);
    }
}

void OpenWalker::span(pugi::xml_node node, std::string& words) {
    const auto name = name_of(node);
    if (name == "s" || name == "tab") {
        words += ' ';
    } else if (name == "line-break") {
        words += '\n';
    } else if (name == "soft-page-break") {
        words += '\f';
    } else if (name == "note") {
        if (notes_.size() >= most_open_notes) return;
        notes_.push_back(child_of(node, "note-body"));
        words += "[^" + std::to_string(notes_.size()) + ']';
    } else if (name == "frame" || name == "custom-shape" || name == "g") {
        frames_.push_back(node);
    } else if (!is_left_out(name)) {
        const auto before = words.size();
        inside(node, words);
        const bool raised = name == "span" && document_.style(attribute_of(node, "style-name")).raised;
        if (raised && words.size() > before && words[before] != '[') words.insert(before, 1, '^');
    }
}

void OpenWalker::paragraph(pugi::xml_node node) {
    const auto& style = document_.style(attribute_of(node, "style-name"));
    if (style.page_before) out_.page_break();
    std::string words;
    const auto anchored = frames_.size();
    inside(node, words);
    pieces(node, words);
    const std::vector<pugi::xml_node> frames(frames_.begin() + static_cast<std::ptrdiff_t>(anchored),
                                             frames_.end());
    frames_.resize(anchored);
    for (const auto frame : frames) blocks(frame);
    if (style.page_after) out_.page_break();
}

void OpenWalker::pieces(pugi::xml_node node, const std::string& all) {
    const int level = is(node, "h") ? number_of(attribute_of(node, "outline-level"), 6, 1) : 0;
    const bool title = document_.is_title(attribute_of(node, "style-name"));
    for (std::size_t from = 0; from <= all.size();) {
        const auto end = std::min(all.find('\f', from), all.size());
        const auto words = std::string_view(all).substr(from, end - from);
        if (!utf8::trim(words).empty()) {
            if (level > 0 || title)
                out_.heading(std::max(level, 1), words);
            else if (item_waits_)
                out_.item(depth_, item_number_, words);
            else
                out_.paragraph(words);
            item_waits_ = false;
        }
        if (end < all.size()) out_.page_break();
        from = end + 1;
    }
}

void OpenWalker::list(pugi::xml_node node, std::string_view style) {
    // Impress makes a list of each item, so that lists of one kind after each other are one.
    if (++depth_ == 0 && document_.is_numbered(style, 0) != last_was_numbered_) {
        out_.end_list();
        last_was_numbered_ = !last_was_numbered_;
    }
    int number = 0;
    for (const auto child : node)
        if (is(child, "list-item") || is(child, "list-header")) item(child, style, number);
    --depth_;
    item_waits_ = false;
}

void OpenWalker::item(pugi::xml_node node, std::string_view style, int& number) {
    const bool numbered = is(node, "list-item") && document_.is_numbered(style, depth_);
    item_waits_ = is(node, "list-item");
    item_number_ = numbered ? ++number : 0;
    for (const auto child : node) {
        if (out_.full()) return;
        const auto own = attribute_of(child, "style-name");
        if (is(child, "list"))
            list(child, own.empty() ? style : own);
        else
            block(child);
    }
    item_waits_ = false;
}

void OpenWalker::table(pugi::xml_node node) {
    std::vector<Row> found;
    rows(node, found);
    out_.table(found);
}

void OpenWalker::rows(pugi::xml_node node, std::vector<Row>& found) {
    for (const auto child : node) {
        if (is(child, "soft-page-break") && found.size() > 1) {
            out_.table(found);
            out_.page_break();
            found.resize(1);
        } else if (is(child, "table-header-rows") || is(child, "table-rows") ||
                   is(child, "table-row-group")) {
            rows(child, found);
        } else if (is(child, "table-row")) {
            Row row;
            for (const auto cell : child) {
                if (!is(cell, "table-cell") && !is(cell, "covered-table-cell")) continue;
                const int times = number_of(attribute_of(cell, "number-columns-repeated"), most_repeats, 1);
                const std::string words = words_below(cell);
                row.push_back(words);
                for (int i = 1; i < times && row.size() < limits_.columns; ++i)
                    row.push_back(words.size() < longest_repeated ? words : std::string());
            }
            out_.add_row(found, std::move(row));
        }
    }
}

std::string OpenWalker::words_below(pugi::xml_node parent) {
    std::string words;
    for (const auto node : parent) {
        if (is_left_out(name_of(node))) continue;
        if (is(node, "p") || is(node, "h")) {
            inside(node, words);
        } else {
            words += words_below(node);
        }
        words += '\n';
    }
    while (words.ends_with('\n')) words.pop_back();
    std::replace(words.begin(), words.end(), '\f', ' ');
    return words;
}

void OpenWalker::notes() {
    for (std::size_t i = 0; i < notes_.size() && !out_.full(); ++i) {
        const std::string words = one_line(words_below(notes_[i]));
        out_.raw(i == 0 ? "\n" : "");
        out_.raw("[^" + std::to_string(i + 1) + "]: " + words + '\n');
    }
}

}  // namespace bb::materials::extract
