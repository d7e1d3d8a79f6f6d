#include "features/materials/extract/html_nodes.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace bb::materials::extract {
namespace {

bool has_attribute(const GumboNode* node, const char* name) {
    return gumbo_get_attribute(&node->v.element.attributes, name) != nullptr;
}

}  // namespace

std::string_view html_attribute(const GumboNode* node, const char* name) {
    const GumboAttribute* found = gumbo_get_attribute(&node->v.element.attributes, name);
    return found ? found->value : std::string_view();
}

bool is_element(const GumboNode* node) {
    return node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE;
}

bool is_text(const GumboNode* node) {
    return node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
           node->type == GUMBO_NODE_CDATA;
}

bool is_hidden(const GumboNode* node) {
    switch (node->v.element.tag) {
        case GUMBO_TAG_SCRIPT:
        case GUMBO_TAG_STYLE:
        case GUMBO_TAG_NAV:
        case GUMBO_TAG_NOSCRIPT:
        case GUMBO_TAG_TEMPLATE:
        case GUMBO_TAG_TITLE:
        case GUMBO_TAG_IFRAME:
        case GUMBO_TAG_SVG:
        case GUMBO_TAG_SELECT:
        case GUMBO_TAG_BUTTON:
        case GUMBO_TAG_TEXTAREA:
        case GUMBO_TAG_ANNOTATION_XML:
            return true;
        default:
            break;
    }
    const GumboStringPiece& tag = node->v.element.original_tag;
    if (std::string_view(tag.data, tag.length).starts_with("<annotation")) return true;
    std::string style;
    for (const char c : html_attribute(node, "style").substr(0, 1000))
        if (c != ' ') style += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    // Sphinx and others put a pilcrow behind each heading, to be linked to.
    const bool is_mark = node->v.element.tag == GUMBO_TAG_A && html_attribute(node, "class") == "headerlink";
    return is_mark || html_attribute(node, "role") == "navigation" || has_attribute(node, "hidden") ||
           html_attribute(node, "aria-hidden") == "true" || style.find("display:none") != std::string::npos;
}

bool is_inline(GumboTag tag) {
    constexpr GumboTag tags[] = {
        GUMBO_TAG_A,    GUMBO_TAG_ABBR, GUMBO_TAG_B,      GUMBO_TAG_BDI,   GUMBO_TAG_BDO,    GUMBO_TAG_CITE,
        GUMBO_TAG_CODE, GUMBO_TAG_DATA, GUMBO_TAG_DEL,    GUMBO_TAG_DFN,   GUMBO_TAG_EM,     GUMBO_TAG_FONT,
        GUMBO_TAG_I,    GUMBO_TAG_IMG,  GUMBO_TAG_INS,    GUMBO_TAG_KBD,   GUMBO_TAG_LABEL,  GUMBO_TAG_MARK,
        GUMBO_TAG_MI,   GUMBO_TAG_MN,   GUMBO_TAG_MO,     GUMBO_TAG_MS,    GUMBO_TAG_MTEXT,  GUMBO_TAG_Q,
        GUMBO_TAG_RUBY, GUMBO_TAG_S,    GUMBO_TAG_SAMP,   GUMBO_TAG_SMALL, GUMBO_TAG_SPAN,   GUMBO_TAG_STRIKE,
        GUMBO_TAG_SUB,  GUMBO_TAG_SUP,  GUMBO_TAG_TIME,   GUMBO_TAG_TT,    GUMBO_TAG_STRONG, GUMBO_TAG_U,
        GUMBO_TAG_VAR,  GUMBO_TAG_WBR,  GUMBO_TAG_BIG,    GUMBO_TAG_RT,    GUMBO_TAG_RP,     GUMBO_TAG_RB,
        GUMBO_TAG_NOBR, GUMBO_TAG_MATH, GUMBO_TAG_UNKNOWN};
    return std::find(std::begin(tags), std::end(tags), tag) != std::end(tags);
}

int level_of(GumboTag tag) {
    constexpr std::array<GumboTag, 6> tags = {GUMBO_TAG_H1, GUMBO_TAG_H2, GUMBO_TAG_H3,
                                              GUMBO_TAG_H4, GUMBO_TAG_H5, GUMBO_TAG_H6};
    const auto found = std::find(tags.begin(), tags.end(), tag);
    return found == tags.end() ? 0 : static_cast<int>(found - tags.begin()) + 1;
}

void append_text_below(std::string& out, const GumboNode* node) {
    if (is_text(node)) {
        out += node->v.text.text;
        return;
    }
    if (!is_element(node)) return;
    if (node->v.element.tag == GUMBO_TAG_BR) out += '\n';
    for (unsigned i = 0; i < children_of(node)->length; ++i) {
        const auto* child = child_at(node, i);
        if (!is_element(child) || !is_hidden(child)) append_text_below(out, child);
    }
}

}  // namespace bb::materials::extract
