#pragma once
#include <map>
#include <string>
#include <string_view>

#include "features/materials/extract/package.hpp"

namespace bb::materials::extract {

/// What the styles and the lists of a Word document say about a paragraph.
class WordStyles {
public:
    WordStyles(Package& package, const std::string& main);

    /// 1 to 6 for a heading, by its own outline level or that of its style; else 0.
    int heading_level(pugi::xml_node paragraph) const;

    struct Item {
        int depth = 0;
        bool numbered = false;
        std::string list;
        int start = 1;
    };
    /// Whether the paragraph belongs to a list, by itself or by its style.
    std::optional<Item> item(pugi::xml_node paragraph) const;

private:
    struct Style {
        std::string based_on;
        int level = 0;
        std::string list;
        int depth = 0;
    };
    struct Level {
        bool numbered = false;
        bool marked = false;
        int start = 1;
    };
    void read_styles(pugi::xml_node root);
    void read_lists(pugi::xml_node root);
    const Style* style_of(std::string_view id, bool (*fits)(const Style&)) const;

    std::map<std::string, Style, std::less<>> styles_;
    std::map<std::string, std::map<int, Level>> lists_;
};

}  // namespace bb::materials::extract
