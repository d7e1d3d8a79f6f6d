#pragma once
#include <string>
#include <string_view>

#include "features/materials/text/blocks.hpp"

namespace bb::materials::text {

/// The head row of a table, as it is repeated in front of what is cut out of the table.
struct TableHead {
    std::string row;  // empty: there is none
    int tokens = 0;
};

/// The head row of a table; one of more than `most_tokens` is cut at white space and ends in "…". A block
/// that is no table, or has no row of dashes under its first one, has none.
TableHead head_of(std::string_view text, const Block& block, int most_tokens);

}  // namespace bb::materials::text
