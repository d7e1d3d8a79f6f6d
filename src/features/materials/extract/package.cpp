#include "features/materials/extract/package.hpp"

#include <algorithm>
#include <vector>

#include "features/materials/extract/readers.hpp"

namespace bb::materials::extract {

std::string resolved(std::string_view from, std::string_view target) {
    std::string path;
    if (!target.starts_with('/')) path = from.substr(0, from.rfind('/') + 1);
    std::vector<std::string_view> parts;
    path.append(target);
    for (std::size_t at = 0; at < path.size();) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto part = std::string_view(path).substr(at, end - at);
        if (part == "..") {
            if (!parts.empty()) parts.pop_back();
        } else if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
        at = end + 1;
    }
    std::string joined;
    for (const auto part : parts) joined.append(joined.empty() ? "" : "/").append(part);
    return joined;
}

Read<Package> Package::open(std::string_view bytes, const Limits& limits) {
    auto archive = Archive::open(bytes, limits);
    if (!archive) return archive.error();
    return Package(std::move(*archive), limits);
}

Read<Xml> Package::main_part(std::string_view element) {
    main_name_ = by_type("", "officeDocument");
    if (main_name_.empty())
        return mismatch("The file is not what its name says: it is another kind of archive.");
    auto xml = part(main_name_);
    if (xml && !is(xml->root(), element))
        return mismatch("The file is not what its name says: it is another kind of document.");
    return xml;
}

const std::vector<Package::Relation>& Package::relations_of(const std::string& part) {
    const auto known = relations_.find(part);
    if (known != relations_.end()) return known->second;
    auto& relations = relations_[part];
    const auto name = part.rfind('/') + 1;
    const auto xml = this->part(part.substr(0, name) + "_rels/" + part.substr(name) + ".rels");
    if (!xml) return relations;
    for (const auto one : xml->root()) {
        if (attribute_of(one, "TargetMode") == "External") continue;
        if (relations.size() == limits_.entries) break;
        relations.push_back({std::string(attribute_of(one, "Id")), std::string(attribute_of(one, "Type")),
                             resolved(part, attribute_of(one, "Target"))});
    }
    return relations;
}

std::string Package::by_id(const std::string& from, std::string_view id) {
    for (const auto& one : relations_of(from))
        if (one.id == id) return one.target;
    return {};
}

std::string Package::by_type(const std::string& from, std::string_view type) {
    for (const auto& one : relations_of(from))
        if (one.type.ends_with("/" + std::string(type))) return one.target;
    return {};
}

Read<Xml> Package::part(std::string_view name) {
    auto text = archive_.read(name);
    if (!text) return text.error();
    return Xml::parse(std::move(*text), limits_);
}

std::optional<Xml> Package::optional_part(const std::string& from, std::string_view type) {
    const std::string name = by_type(from, type);
    if (name.empty() || !archive_.has(name)) return std::nullopt;
    auto xml = part(name);
    if (!xml) return std::nullopt;
    return std::move(*xml);
}

}  // namespace bb::materials::extract
