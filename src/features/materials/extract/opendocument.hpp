#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "features/materials/extract/archive.hpp"
#include "features/materials/extract/markdown.hpp"
#include "features/materials/extract/xml.hpp"

namespace bb::materials::extract {

/// An OpenDocument file (.odt, .odp, .ods): its content, and what its styles say.
class OpenDocument {
public:
    /// `body` is the element that holds the content of this kind: "text", "presentation" or "spreadsheet".
    /// Faults: as of Archive::open(), mismatch for another kind, locked for one with a password.
    static Read<OpenDocument> open(std::string_view bytes, const Limits& limits, std::string_view body);

    pugi::xml_node body() const { return body_; }

    struct Style {
        std::string parent;
        bool page_before = false;
        bool page_after = false;
        bool raised = false;
        bool hidden = false;
    };
    /// Of the same name in any family, found in the content first; an empty one when there is none.
    const Style& style(std::string_view name) const;
    bool is_title(std::string_view style_name) const;
    /// Whether a list numbers its items at this depth, from 0.
    bool is_numbered(std::string_view list, int depth) const;

private:
    OpenDocument() = default;
    void read_styles(pugi::xml_node root);

    std::optional<Xml> content_;
    std::optional<Xml> shared_;
    pugi::xml_node body_;
    std::map<std::string, Style, std::less<>> styles_;
    std::map<std::string, std::vector<bool>, std::less<>> lists_;
};

/// Appends paragraphs, headings, lists, tables and frames of an OpenDocument file.
class OpenWalker {
public:
    OpenWalker(const OpenDocument& document, const Limits& limits, Markdown& out)
        : document_(document), limits_(limits), out_(out) {}

    void blocks(pugi::xml_node parent);
    /// The notes that were referred to, at the end.
    void notes();
    /// All the words below, each paragraph on a line.
    std::string words_below(pugi::xml_node parent);

private:
    void block(pugi::xml_node node);
    void inside(pugi::xml_node parent, std::string& words);
    void span(pugi::xml_node node, std::string& words);
    void paragraph(pugi::xml_node node);
    void pieces(pugi::xml_node node, const std::string& words);
    void list(pugi::xml_node node, std::string_view style);
    void item(pugi::xml_node node, std::string_view style, int& number);
    void table(pugi::xml_node node);
    void rows(pugi::xml_node node, std::vector<Row>& rows);

    const OpenDocument& document_;
    Limits limits_;
    Markdown& out_;
    std::vector<pugi::xml_node> notes_;
    std::vector<pugi::xml_node> frames_;  // anchored in the paragraph just read
    int depth_ = -1;                      // of the open list
    bool last_was_numbered_ = false;      // the list that stood at the margin
    int item_number_ = 0;
    bool item_waits_ = false;
};

}  // namespace bb::materials::extract
