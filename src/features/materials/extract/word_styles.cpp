#include "features/materials/extract/word_styles.hpp"

#include <algorithm>
#include <cctype>

namespace bb::materials::extract {
namespace {

constexpr int deepest_basis = 10;
constexpr int deepest_level = 8;
constexpr int body_text = 9;  // the outline level that is none

/// The level that the name of a style gives: "heading 2" in every language of Word.
int level_of_style(std::string_view name) {
    std::string low;
    for (const char c : name.substr(0, 40))
        low += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (low == "title") return 1;
    if (low.starts_with("heading ")) return number_of(std::string_view(low).substr(8), 6);
    return 0;
}

int outline_level(pugi::xml_node properties) {
    const auto outline = child_of(properties, "outlineLvl");
    if (!outline) return 0;
    const int level = number_of(attribute_of(outline, "val"), body_text, body_text);
    return level >= body_text ? 0 : std::min(level + 1, 6);
}

}  // namespace

WordStyles::WordStyles(Package& package, const std::string& main) {
    if (const auto styles = package.optional_part(main, "styles")) read_styles(styles->root());
    if (const auto lists = package.optional_part(main, "numbering")) read_lists(lists->root());
}

void WordStyles::read_styles(pugi::xml_node root) {
    for (const auto node : root) {
        if (!is(node, "style") || attribute_of(node, "type") != "paragraph") continue;
        Style style;
        const auto properties = child_of(node, "pPr");
        style.based_on = attribute_of(child_of(node, "basedOn"), "val");
        style.level = level_of_style(attribute_of(child_of(node, "name"), "val"));
        if (style.level == 0) style.level = outline_level(properties);
        const auto list = child_of(properties, "numPr");
        style.list = attribute_of(child_of(list, "numId"), "val");
        style.depth = number_of(attribute_of(child_of(list, "ilvl"), "val"), deepest_level);
        styles_.emplace(attribute_of(node, "styleId"), std::move(style));
    }
}

void WordStyles::read_lists(pugi::xml_node root) {
    std::map<std::string, std::map<int, Level>, std::less<>> kinds;
    for (const auto kind : root) {
        if (!is(kind, "abstractNum")) continue;
        auto& levels = kinds[std::string(attribute_of(kind, "abstractNumId"))];
        for (const auto node : kind) {
            if (!is(node, "lvl")) continue;
            const auto format = attribute_of(child_of(node, "numFmt"), "val");
            Level level;
            level.marked = format != "none";
            level.numbered = level.marked && format != "bullet";
            level.start = number_of(attribute_of(child_of(node, "start"), "val"), 100'000, 1);
            levels[number_of(attribute_of(node, "ilvl"), deepest_level)] = level;
        }
    }
    for (const auto list : root) {
        if (!is(list, "num")) continue;
        const auto kind = kinds.find(attribute_of(child_of(list, "abstractNumId"), "val"));
        if (kind != kinds.end()) lists_[std::string(attribute_of(list, "numId"))] = kind->second;
    }
}

const WordStyles::Style* WordStyles::style_of(std::string_view id, bool (*fits)(const Style&)) const {
    auto found = styles_.find(id);
    for (int i = 0; i < deepest_basis && found != styles_.end(); ++i) {
        if (fits(found->second)) return &found->second;
        found = styles_.find(found->second.based_on);
    }
    return nullptr;
}

int WordStyles::heading_level(pugi::xml_node paragraph) const {
    const auto properties = child_of(paragraph, "pPr");
    if (child_of(properties, "outlineLvl")) return outline_level(properties);
    const auto id = attribute_of(child_of(properties, "pStyle"), "val");
    const Style* style = style_of(id, [](const Style& one) { return one.level > 0; });
    return style ? style->level : 0;
}

std::optional<WordStyles::Item> WordStyles::item(pugi::xml_node paragraph) const {
    const auto properties = child_of(paragraph, "pPr");
    const auto own = child_of(properties, "numPr");
    Item item;
    item.list = attribute_of(child_of(own, "numId"), "val");
    item.depth = number_of(attribute_of(child_of(own, "ilvl"), "val"), deepest_level);
    if (item.list.empty()) {
        const auto id = attribute_of(child_of(properties, "pStyle"), "val");
        const Style* style = style_of(id, [](const Style& one) { return !one.list.empty(); });
        if (!style) return std::nullopt;
        item.list = style->list;
        if (!own) item.depth = style->depth;
    }
    const auto levels = lists_.find(item.list);
    if (levels == lists_.end()) return std::nullopt;
    const auto level = levels->second.find(item.depth);
    if (level == levels->second.end() || !level->second.marked) return std::nullopt;
    item.numbered = level->second.numbered;
    item.start = level->second.start;
    return item;
}

}  // namespace bb::materials::extract
