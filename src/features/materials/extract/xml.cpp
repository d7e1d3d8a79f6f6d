#include "features/materials/extract/xml.hpp"

#include <algorithm>
#include <charconv>

#include "features/materials/extract/readers.hpp"

namespace bb::materials::extract {
namespace {

/// What the tree of a text can take at most: pugixml makes a node of each tag that opens and of each text
/// behind a tag.
std::size_t most_tree_bytes(std::string_view text) {
    constexpr std::size_t bytes_of_a_node = 64;
    constexpr std::size_t bytes_of_an_attribute = 40;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const bool node = (text[i] == '<' && text[i + 1] != '/') || (text[i] == '>' && text[i + 1] != '<');
        if (node) bytes += bytes_of_a_node;
        if (text[i] == '=') bytes += bytes_of_an_attribute;
    }
    return bytes;
}

/// Whether no element is deeper than `deepest`, found without recursion.
bool is_flat_enough(pugi::xml_node root, int deepest) {
    int depth = 0;
    for (pugi::xml_node node = root; node;) {
        if (depth > deepest) return false;
        if (node.first_child()) {
            node = node.first_child();
            ++depth;
            continue;
        }
        while (node != root && !node.next_sibling()) {
            node = node.parent();
            --depth;
        }
        if (node == root) return true;
        node = node.next_sibling();
    }
    return true;
}

/// Whether a document type declares entities, which can grow without end or name other files.
bool declares_entities(pugi::xml_node document) {
    for (const auto node : document.children())
        if (node.type() == pugi::node_doctype &&
            std::string_view(node.value()).find("<!ENTITY") != std::string_view::npos)
            return true;
    return false;
}

std::string_view without_prefix(std::string_view name) {
    return name.substr(name.find(':') + 1);
}

}  // namespace

Read<Xml> Xml::parse(std::string text, const Limits& limits) {
    if (most_tree_bytes(text) > limits.tree_bytes) return too_much();
    Xml xml;
    xml.text_ = std::make_unique<std::string>(std::move(text));
    constexpr unsigned options = pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata |
                                 pugi::parse_eol | pugi::parse_ws_pcdata | pugi::parse_doctype;
    const auto parsed = xml.tree_.load_buffer_inplace(xml.text_->data(), xml.text_->size(), options);
    if (!parsed || !xml.root()) return damaged("The file is damaged: a part of it is not whole.");
    if (declares_entities(xml.tree_))
        return damaged("A part of the file declares entities, which no office program does.");
    if (!is_flat_enough(xml.tree_, limits.depth))
        return damaged("The elements of the file are too deep within each other.");
    return xml;
}

std::string_view name_of(pugi::xml_node node) {
    return without_prefix(node.name());
}

bool is(pugi::xml_node node, std::string_view name) {
    return name_of(node) == name;
}

pugi::xml_node child_of(pugi::xml_node node, std::string_view name) {
    for (const auto child : node)
        if (is(child, name)) return child;
    return {};
}

pugi::xml_node find_below(pugi::xml_node node, std::string_view name) {
    return node.find_node([name](pugi::xml_node one) { return is(one, name); });
}

std::string_view attribute_of(pugi::xml_node node, std::string_view name) {
    for (const auto one : node.attributes())
        if (without_prefix(one.name()) == name) return one.value();
    return {};
}

std::string_view relation_of(pugi::xml_node node) {
    for (const auto one : node.attributes()) {
        const std::string_view name = one.name();
        if (name.find(':') != std::string_view::npos && without_prefix(name) == "id") return one.value();
    }
    return {};
}

int number_of(std::string_view text, int most, int otherwise) {
    int number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec == std::errc::result_out_of_range) return text.starts_with('-') ? 0 : most;
    return read.ec == std::errc() ? std::clamp(number, 0, most) : otherwise;
}

}  // namespace bb::materials::extract
