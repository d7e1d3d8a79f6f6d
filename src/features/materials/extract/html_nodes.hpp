#pragma once
#include <gumbo.h>

#include <string>
#include <string_view>
#include <vector>

namespace bb::materials::extract {

/// Empty when there is none.
std::string_view html_attribute(const GumboNode* node, const char* name);
bool is_element(const GumboNode* node);
bool is_text(const GumboNode* node);
/// Whether an element is not shown, or shown on every page of a site alike.
bool is_hidden(const GumboNode* node);
/// Whether an element stands within a line.
bool is_inline(GumboTag tag);
/// 1 to 6 for a heading, else 0.
int level_of(GumboTag tag);
/// All the words below, as they are, with line breaks where the page has them.
void append_text_below(std::string& out, const GumboNode* node);

inline const GumboVector* children_of(const GumboNode* node) {
    return &node->v.element.children;
}

inline const GumboNode* child_at(const GumboNode* node, unsigned i) {
    return static_cast<const GumboNode*>(children_of(node)->data[i]);
}

/// Calls `visit` for each element below `root` in order, without recursion, until it returns false.
/// False when the tree is deeper than `deepest`.
template <class Visit>
bool each_element(const GumboNode* root, int deepest, Visit visit) {
    struct Place {
        const GumboNode* node;
        unsigned next;
    };
    std::vector<Place> path{{root, 0}};
    while (!path.empty()) {
        Place& place = path.back();
        if (place.next == children_of(place.node)->length) {
            path.pop_back();
            continue;
        }
        const GumboNode* child = child_at(place.node, place.next++);
        if (!is_element(child)) continue;
        if (!visit(child)) return true;
        if (static_cast<int>(path.size()) >= deepest) return false;
        path.push_back({child, 0});
    }
    return true;
}

}  // namespace bb::materials::extract
