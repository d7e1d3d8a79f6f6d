#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "features/materials/extract/archive.hpp"
#include "features/materials/extract/xml.hpp"

namespace bb::materials::extract {

/// `target`, as the part `from` names it, seen from the root of the archive: "../media/a" from
/// "ppt/slides/b" is "ppt/media/a". What leads out of the archive ends at its root.
std::string resolved(std::string_view from, std::string_view target);

/// An Office document (.docx, .pptx, .xlsx): parts that refer to each other.
class Package {
public:
    /// Faults: as of Archive::open().
    static Read<Package> open(std::string_view bytes, const Limits& limits);

    /// The part that the others hang on; `element` is what its root must be called. Faults: mismatch.
    Read<Xml> main_part(std::string_view element);
    const std::string& main_name() const { return main_name_; }

    /// The name of the part that `from` calls by `id`; empty when there is none.
    std::string by_id(const std::string& from, std::string_view id);
    /// The name of the first part that `from` refers to as of this kind ("styles"); empty when there is none.
    std::string by_type(const std::string& from, std::string_view type);

    Read<Xml> part(std::string_view name);
    /// The part of this kind, where there is one that can be read.
    std::optional<Xml> optional_part(const std::string& from, std::string_view type);

private:
    struct Relation {
        std::string id;
        std::string type;
        std::string target;
    };
    Package(Archive archive, const Limits& limits) : archive_(std::move(archive)), limits_(limits) {}
    const std::vector<Relation>& relations_of(const std::string& part);

    Archive archive_;
    Limits limits_;
    std::string main_name_;
    std::map<std::string, std::vector<Relation>> relations_;
};

}  // namespace bb::materials::extract
