#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"

namespace bb::config {

struct Assignment {
    std::string name;
    std::string value;
    int line;
};

/// Reads the text of a .env file: NAME=value lines, "export " in front allowed, # comments. 'single' quotes
/// keep everything, "double" quotes know \n \r \t \" \\ \$; both may span lines. Nothing is expanded. Errors:
/// malformed, with the number of the line.
Result<std::vector<Assignment>> parse_env(std::string_view text);

}  // namespace bb::config
