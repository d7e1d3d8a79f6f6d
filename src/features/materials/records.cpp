#include "features/materials/records.hpp"

#include "base/core/number.hpp"

namespace bb::materials {

std::string Cursor::text() const {
    return std::to_string(rank) + "." + id.text();
}

Result<Cursor> Cursor::parse(std::string_view text) {
    const auto dot = std::min(text.find('.'), text.size());
    const auto rank = parse_number(text.substr(0, dot));
    const auto id = Uuid::parse(text.substr(std::min(dot + 1, text.size())));
    // A rank is a position or microseconds; what lies far outside would not fit PostgreSQL's types.
    if (!rank || !id || *rank < 0 || *rank >= (std::int64_t{1} << 52))
        return bad_field("?after", "is not a cursor of this list");
    return Cursor{*rank, *id};
}

}  // namespace bb::materials
