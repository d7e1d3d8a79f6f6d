#include "features/materials/extract/opendocument.hpp"

#include <algorithm>

#include "features/materials/extract/readers.hpp"

namespace bb::materials::extract {
namespace {

constexpr int deepest_parent = 10;
constexpr int deepest_list = 10;

bool is_page(std::string_view value) {
    return value == "page" || value == "even-page" || value == "odd-page";
}

bool is_encrypted(Archive& archive, const Limits& limits) {
    auto text = archive.read("META-INF/manifest.xml");
    if (!text) return false;
    const auto manifest = Xml::parse(std::move(*text), limits);
    return manifest && find_below(manifest->root(), "encryption-data");
}

Read<Xml> open_part(Archive& archive, std::string_view name, const Limits& limits) {
    auto text = archive.read(name);
    if (!text) return text.error();
    return Xml::parse(std::move(*text), limits);
}

OpenDocument::Style style_of_node(pugi::xml_node node) {
    OpenDocument::Style style;
    style.parent = attribute_of(node, "parent-style-name");
    const auto paragraph = child_of(node, "paragraph-properties");
    style.page_before =
        is_page(attribute_of(paragraph, "break-before")) || !attribute_of(node, "master-page-name").empty();
    style.page_after = is_page(attribute_of(paragraph, "break-after"));
    style.raised = attribute_of(child_of(node, "text-properties"), "text-position").starts_with("super");
    style.hidden = attribute_of(child_of(node, "table-properties"), "display") == "false";
    return style;
}

}  // namespace

Read<OpenDocument> OpenDocument::open(std::string_view bytes, const Limits& limits, std::string_view body) {
    auto archive = Archive::open(bytes, limits);
    if (!archive) return archive.error();
    if (is_encrypted(*archive, limits))
        return locked("The file is protected by a password. Save it without one, and upload that.");
    auto content = open_part(*archive, "content.xml", limits);
    if (!content) return content.error();
    OpenDocument document;
    document.body_ = child_of(child_of(content->root(), "body"), body);
    if (!document.body_)
        return mismatch("The file is not what its name says: it is another kind of document.");
    document.content_ = std::move(*content);
    document.read_styles(child_of(document.content_->root(), "automatic-styles"));
    if (auto shared = open_part(*archive, "styles.xml", limits)) {
        document.shared_ = std::move(*shared);
        document.read_styles(child_of(document.shared_->root(), "styles"));
        document.read_styles(child_of(document.shared_->root(), "automatic-styles"));
    }
    return document;
}

void OpenDocument::read_styles(pugi::xml_node root) {
    for (const auto node : root) {
        const std::string name(attribute_of(node, "name"));
        if (is(node, "style")) {
            styles_.emplace(name, style_of_node(node));
        } else if (is(node, "list-style")) {
            std::vector<bool> numbered(deepest_list);
            for (const auto level : node) {
                const int depth = number_of(attribute_of(level, "level"), deepest_list, 1);
                const bool is_number =
                    is(level, "list-level-style-number") && !attribute_of(level, "num-format").empty();
                if (depth > 0) numbered[static_cast<std::size_t>(depth) - 1] = is_number;
            }
            lists_.emplace(name, std::move(numbered));
        }
    }
}

const OpenDocument::Style& OpenDocument::style(std::string_view name) const {
    static const Style none;
    const auto found = styles_.find(name);
    return found == styles_.end() ? none : found->second;
}

bool OpenDocument::is_title(std::string_view name) const {
    for (int i = 0; i < deepest_parent && !name.empty(); ++i) {
        if (name == "Title") return true;
        name = style(name).parent;
    }
    return false;
}

bool OpenDocument::is_numbered(std::string_view list, int depth) const {
    const auto found = lists_.find(list);
    const auto place = static_cast<std::size_t>(std::max(depth, 0));
    return found != lists_.end() && place < found->second.size() && found->second[place];
}

}  // namespace bb::materials::extract
