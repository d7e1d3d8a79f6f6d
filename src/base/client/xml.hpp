#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"

namespace bb::client {

/// One element of an XML document, without its attributes.
struct XmlElement {
    std::string name;
    std::string text;  ///< what stands in it beside other elements
    std::vector<XmlElement> children;

    /// The first child of that name, or a null pointer.
    const XmlElement* child(std::string_view name) const;
    /// Its text; empty: there is none.
    std::string_view text_of(std::string_view name) const;
};

/// Reads the XML that storage services answer with: elements, attributes (left out), text, the five named
/// entities and numbered ones, comments and a declaration. Anything else (DOCTYPE, CDATA, other entities,
/// other instructions), more than the bounds below is refused. Errors: malformed,
/// saying where.
Result<XmlElement> parse_xml(std::string_view text);

inline constexpr std::size_t most_xml_bytes = 8u << 20;
inline constexpr std::size_t most_xml_elements = 20'000;
inline constexpr int most_xml_depth = 16;

}  // namespace bb::client
