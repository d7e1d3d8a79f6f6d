#include "features/materials/extract/html.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/core/utf8.hpp"
#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/html_nodes.hpp"
#include "features/materials/extract/html_tree.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/tidy.hpp"

namespace bb::materials::extract {
namespace {

constexpr std::size_t widest_span = 50;
constexpr std::size_t most_columns = 200;

/// The words of a cell, whose blocks become one line.
void append_cell(std::string& out, const GumboNode* node) {
    for (unsigned i = 0; i < children_of(node)->length; ++i) {
        const GumboNode* child = child_at(node, i);
        if (is_text(child)) {
            out += child->v.text.text;
        } else if (is_element(child) && !is_hidden(child)) {
            const bool is_block = !is_inline(child->v.element.tag);
            if (is_block) out += ' ';
            if (child->v.element.tag == GUMBO_TAG_SUP) out += '^';
            append_cell(out, child);
            if (is_block) out += ' ';
        }
    }
}

/// Walks over the elements of a page, whose depth was found to be bounded.
class PageWalker {
public:
    explicit PageWalker(Markdown& out) : out_(out) {}

    void walk(const GumboNode* node) {
        if (is_text(node)) {
            append_words(node->v.text.text);
        } else if (is_element(node) && !is_hidden(node) && !out_.full()) {
            element(node);
        }
    }

    void flush() {
        const std::string words = std::exchange(words_, {});
        if (utf8::trim(words).empty()) return;
        if (item_waits_) {
            out_.item(static_cast<int>(lists_.size()) - 1, lists_.empty() ? 0 : lists_.back(), words);
            item_waits_ = false;
        } else if (quotes_ > 0) {
            out_.quote(words);
        } else {
            out_.paragraph(words);
        }
    }

private:
    void append_words(std::string_view text) {
        // Line breaks of the file are spaces; those of <br> are put in by themselves.
        for (const char c : text) words_ += c == '\n' || c == '\r' || c == '\f' ? ' ' : c;
    }

    void below(const GumboNode* node) {
        for (unsigned i = 0; i < children_of(node)->length; ++i) walk(child_at(node, i));
    }

    void element(const GumboNode* node) {
        const GumboTag tag = node->v.element.tag;
        if (tag == GUMBO_TAG_BR) {
            words_ += '\n';
        } else if (is_inline(tag)) {
            inside(node, tag);
        } else {
            flush();
            block(node, tag);
        }
    }

    void inside(const GumboNode* node, GumboTag tag) {
        if (tag == GUMBO_TAG_CODE) words_ += '`';
        const auto before = words_.size();
        below(node);
        if (tag == GUMBO_TAG_SUP && before <= words_.size() && !utf8::trim(words_.substr(before)).empty())
            words_.insert(before, 1, '^');
        if (tag == GUMBO_TAG_CODE) words_ += '`';
    }

    void block(const GumboNode* node, GumboTag tag) {
        if (const int level = level_of(tag); level > 0 && !item_waits_) {
            std::string words;
            append_text_below(words, node);
            out_.heading(level, words);
        } else if (tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL || tag == GUMBO_TAG_MENU) {
            list(node, tag);
        } else if (tag == GUMBO_TAG_LI) {
            item(node);
        } else if (tag == GUMBO_TAG_TABLE) {
            table(node);
        } else if (tag == GUMBO_TAG_PRE) {
            code(node);
        } else if (tag == GUMBO_TAG_BLOCKQUOTE) {
            ++quotes_;
            below(node);
            flush();
            --quotes_;
        } else {
            below(node);
            flush();
        }
    }

    void list(const GumboNode* node, GumboTag tag) {
        lists_.push_back(tag == GUMBO_TAG_OL ? first_number(node) : 0);
        below(node);
        flush();
        lists_.pop_back();
        if (lists_.empty()) out_.end_list();
        item_waits_ = false;
    }

    static int first_number(const GumboNode* node) {
        const std::string start(html_attribute(node, "start").substr(0, 6));
        return std::max(1, std::atoi(start.c_str()));
    }

    void item(const GumboNode* node) {
        item_waits_ = true;
        const bool numbered = !lists_.empty() && lists_.back() > 0;
        below(node);
        flush();
        item_waits_ = false;
        if (numbered) ++lists_.back();
    }

    void code(const GumboNode* node) {
        std::string text;
        append_text_below(text, node);
        std::string language;
        const std::string_view classes = html_attribute(node, "class");
        for (const char c : classes.substr(classes.find_last_of(' ') + 1).substr(0, 20))
            if (std::isalnum(static_cast<unsigned char>(c)) != 0) language += c;
        out_.code(text, classes.find("sourceCode") == std::string_view::npos ? "" : language);
    }

    void table(const GumboNode* node) {
        std::vector<Row> rows;
        bool is_layout = false;
        each_element(node, 1 << 20, [&](const GumboNode* child) {
            is_layout =
                is_layout || child->v.element.tag == GUMBO_TAG_TABLE || level_of(child->v.element.tag) > 0;
            return !is_layout;
        });
        if (is_layout) {
            below(node);
            flush();
            return;
        }
        collect_rows(node, rows);
        out_.table(rows);
    }

    void collect_rows(const GumboNode* node, std::vector<Row>& rows) {
        for (unsigned i = 0; i < children_of(node)->length; ++i) {
            const GumboNode* child = child_at(node, i);
            if (!is_element(child) || is_hidden(child)) continue;
            const GumboTag tag = child->v.element.tag;
            if (tag == GUMBO_TAG_TR) {
                Row row = cells_of(child);
                if (!row.empty()) out_.add_row(rows, std::move(row));
            } else if (tag == GUMBO_TAG_CAPTION) {
                below(child);
                flush();
            } else {
                collect_rows(child, rows);
            }
        }
    }

    Row cells_of(const GumboNode* tr) {
        Row row;
        for (unsigned i = 0; i < children_of(tr)->length; ++i) {
            const GumboNode* cell = child_at(tr, i);
            if (!is_element(cell) || is_hidden(cell)) continue;
            if (row.size() >= most_columns) break;
            std::string words;
            append_cell(words, cell);
            row.push_back(one_line(words));
            const std::string span(html_attribute(cell, "colspan").substr(0, 4));
            const auto more = static_cast<std::size_t>(std::max(1, std::atoi(span.c_str()))) - 1;
            row.resize(row.size() + std::min(more, widest_span));
        }
        return row;
    }

    Markdown& out_;
    std::string words_;
    std::vector<int> lists_;  // of each open list the number of its next item, 0 for bullets
    bool item_waits_ = false;
    int quotes_ = 0;
};

struct Head {
    std::string title;
    bool has_h1 = false;
};

Head head_of(const GumboNode* root) {
    Head head;
    each_element(root, 1 << 20, [&](const GumboNode* node) {
        if (node->v.element.tag == GUMBO_TAG_TITLE && head.title.empty() &&
            node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML && children_of(node)->length > 0)
            append_text_below(head.title, node);
        head.has_h1 = node->v.element.tag == GUMBO_TAG_H1;
        return !head.has_h1;
    });
    return head;
}

/// The charset that a page names in its first two kilobytes.
std::string_view named_charset(std::string_view bytes) {
    constexpr std::string_view word = "charset=";
    const auto start = bytes.substr(0, 2048);
    const auto at = std::search(start.begin(), start.end(), word.begin(), word.end(), [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    });
    auto rest = start.substr(
        std::min<std::size_t>(static_cast<std::size_t>(at - start.begin()) + word.size(), start.size()));
    while (!rest.empty() && (rest[0] == '"' || rest[0] == '\'' || rest[0] == ' ')) rest.remove_prefix(1);
    return rest.substr(0, rest.find_first_of("\"' ;/>"));
}

/// The name of the element whose tag `page` breaks off in; empty for one that has no content anyway.
std::string_view name_of_open_tag(std::string_view page) {
    constexpr std::string_view voids =
        " area base br col embed hr img input link meta param source track wbr ";
    constexpr std::size_t longest_tag = 2000;
    constexpr std::size_t longest_name = 30;
    page = page.substr(page.size() - std::min(page.size(), longest_tag));
    const auto open = page.rfind('<');
    if (open == std::string_view::npos) return {};
    const auto rest = page.substr(open + 1);
    const auto name = rest.substr(0, rest.find_first_of(" \t\r\n/"));
    if (name.empty() || name.size() > longest_name || std::isalpha(static_cast<unsigned char>(name[0])) == 0)
        return {};
    const bool is_void = voids.find(' ' + std::string(name) + ' ') != std::string_view::npos;
    return is_void ? std::string_view() : name;
}

Read<void> append_tree(Markdown& out, const GumboNode* root, const Limits& limits) {
    if (!each_element(root, limits.depth, [](const GumboNode*) { return true; }))
        return damaged("The elements of the page are too deep within each other.");
    PageWalker walker(out);
    walker.walk(root);
    walker.flush();
    if (out.full()) return too_much();
    return {};
}

/// Every element that closes itself with its end as HTML wants it.
std::string with_end_tags(std::string_view page) {
    std::string opened;
    for (std::size_t at = 0; at < page.size();) {
        const auto close = std::min(page.find("/>", at), page.size());
        opened.append(page.substr(at, close - at));
        if (close == page.size()) break;
        const std::string_view name = name_of_open_tag(page.substr(0, close));
        if (name.empty())
            opened += "/>";
        else
            opened.append("></").append(name).append(">");
        at = close + 2;
    }
    return opened;
}

}  // namespace

Read<void> append_xhtml(Markdown& out, std::string_view page, const Limits& limits) {
    const std::string opened = with_end_tags(page);
    HtmlTree tree;
    const auto root = tree.parse(opened, limits.tree_bytes, limits.html_seconds);
    if (!root) return root.error();
    return append_tree(out, *root, limits);
}

Read<std::string> read_html(std::string_view bytes, const Limits& limits) {
    const auto given = decoded_as(named_charset(bytes), bytes);
    if (!given) return given.error();
    const std::string page = tidy(*given);
    HtmlTree tree;
    const auto root = tree.parse(page, limits.tree_bytes, limits.html_seconds);
    if (!root) return root.error();
    Markdown out(limits.text_bytes);
    const Head head = head_of(*root);
    if (!head.has_h1) out.heading(1, head.title);
    const auto done = append_tree(out, *root, limits);
    if (!done) return done.error();
    return out.take();
}

}  // namespace bb::materials::extract
