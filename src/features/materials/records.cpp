#include "features/materials/records.hpp"

#include <charconv>

namespace bb::materials {

std::string Cursor::text() const {
    return std::to_string(rank) + "." + id.text();
}

Result<Cursor> Cursor::parse(std::string_view text) {
    Cursor cursor;
    const auto dot = text.find('.');
    const char* end = text.data() + (dot == std::string_view::npos ? 0 : dot);
    const auto [stop, failed] = std::from_chars(text.data(), end, cursor.rank);
    const auto id = dot == std::string_view::npos ? std::nullopt : Uuid::parse(text.substr(dot + 1));
    // A rank is a position or microseconds; what lies far outside would not fit PostgreSQL's types.
    const bool in_range = cursor.rank >= 0 && cursor.rank < (std::int64_t{1} << 52);
    if (failed != std::errc() || stop != end || !id || !in_range)
        return bad_field("?after", "is not a cursor of this list");
    cursor.id = *id;
    return cursor;
}

}  // namespace bb::materials
