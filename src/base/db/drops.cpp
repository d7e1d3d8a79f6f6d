#include <fmt/format.h>

#include <regex>

#include "base/db/migrate.hpp"

namespace bb::db {

std::vector<std::string> drops_in(std::string_view script) {
    static const std::regex comment(R"(--[^\n]*)");
    static const std::regex table(
        R"(DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?([^;]+?)(?:\s+(?:CASCADE|RESTRICT))?\s*;)", std::regex::icase);
    static const std::regex alter(R"(ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(\w+)([^;]+);)", std::regex::icase);
    static const std::regex column(R"(DROP\s+COLUMN\s+(?:IF\s+EXISTS\s+)?(\w+))", std::regex::icase);
    static const std::regex word(R"(\w+)");
    const auto text = std::regex_replace(std::string(script), comment, "");
    const std::sregex_iterator end;
    std::vector<std::string> drops;
    for (std::sregex_iterator at(text.begin(), text.end(), table); at != end; ++at) {
        const std::string names = (*at)[1];
        for (std::sregex_iterator name(names.begin(), names.end(), word); name != end; ++name)
            drops.push_back("table " + name->str());
    }
    for (std::sregex_iterator at(text.begin(), text.end(), alter); at != end; ++at) {
        const std::string changes = (*at)[2];
        for (std::sregex_iterator name(changes.begin(), changes.end(), column); name != end; ++name)
            drops.push_back(fmt::format("column {} of {}", (*name)[1].str(), (*at)[1].str()));
    }
    return drops;
}

}  // namespace bb::db
