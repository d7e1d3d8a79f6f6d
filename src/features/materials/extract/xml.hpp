#pragma once
#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "features/materials/extract/read.hpp"

namespace bb::materials::extract {

/// A parsed part of an office document. Nothing else is loaded.
class Xml {
public:
    /// Faults: damaged (not XML, entities of its own, elements too deep within each other), too_large.
    static Read<Xml> parse(std::string text, const Limits& limits);

    pugi::xml_node root() const { return tree_.document_element(); }

private:
    Xml() = default;
    std::unique_ptr<std::string> text_;  // which the tree points into
    pugi::xml_document tree_;
};

/// The name of an element without its prefix. Which prefix stands for which language is up to the program
/// that wrote the file; within one part of a document the names alone tell enough.
std::string_view name_of(pugi::xml_node node);
bool is(pugi::xml_node node, std::string_view name);
/// The first child of this name; null when there is none, as of a null node.
pugi::xml_node child_of(pugi::xml_node node, std::string_view name);
/// The first element of this name anywhere below, in order.
pugi::xml_node find_below(pugi::xml_node node, std::string_view name);
/// An attribute by its name without prefix; empty when there is none.
std::string_view attribute_of(pugi::xml_node node, std::string_view name);
/// The attribute "r:id", beside which there may be an "id".
std::string_view relation_of(pugi::xml_node node);
/// A number, at least 0 and at most `most`; `otherwise` when the text is none.
int number_of(std::string_view text, int most, int otherwise = 0);

}  // namespace bb::materials::extract
