#include "base/db/rows.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <bit>
#include <boost/endian/conversion.hpp>
#include <charconv>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace bb::db {

Rows::Rows(pg_result* result)
    : result_(result, [](const pg_result* r) { PQclear(const_cast<pg_result*>(r)); }) {}

int Rows::size() const {
    return result_ ? PQntuples(result_.get()) : 0;
}

std::int64_t Rows::affected() const {
    if (!result_) return 0;
    const std::string_view text = PQcmdTuples(const_cast<pg_result*>(result_.get()));
    std::int64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

std::string_view Rows::command() const {
    return result_ ? PQcmdStatus(const_cast<pg_result*>(result_.get())) : std::string_view();
}

bool Row::is_null(int column) const {
    return detail::read_null(result_, row_, column);
}

namespace detail {
namespace {

template <class T>
T big(const char* data) {
    T value;
    std::memcpy(&value, data, sizeof value);
    return boost::endian::big_to_native(value);
}

/// Types of arrays that are read: bytea, "char", name, int2, int4, text, varchar, int8, uuid.
constexpr std::array<unsigned, 9> array_types{1001, 1002, 1003, 1005, 1007, 1009, 1015, 1016, 2951};

[[noreturn]] void wrong_type(const pg_result* result, int column, std::string_view wanted) {
    const char* name = PQfname(result, column);
    throw std::logic_error(fmt::format("column {} ('{}') is not {}", column, name ? name : "", wanted));
}

/// The raw value. Throws when it is NULL or the column does not exist.
std::string_view bytes_of(const pg_result* result, int row, int column) {
    if (column >= PQnfields(result) || PQgetisnull(result, row, column))
        throw std::logic_error(fmt::format("column {} is NULL or missing", column));
    return {PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))};
}

std::int64_t integer_of(std::string_view raw) {
    switch (raw.size()) {
        case 2:
            return big<std::int16_t>(raw.data());
        case 4:
            return big<std::int32_t>(raw.data());
        default:
            return big<std::int64_t>(raw.data());
    }
}

/// Calls `each` with the raw bytes of every element of a one-dimensional array of one of `elements` (type
/// numbers).
template <class Each>
void walk_array(const pg_result* result, int row, int column, std::initializer_list<std::uint32_t> elements,
                Each each) {
    std::string_view raw = bytes_of(result, row, column);
    const auto type = PQftype(result, column);
    if (std::find(array_types.begin(), array_types.end(), type) == array_types.end() || raw.size() < 12)
        wrong_type(result, column, "an array");
    const auto element = big<std::uint32_t>(raw.data() + 8);
    if (std::find(elements.begin(), elements.end(), element) == elements.end())
        wrong_type(result, column, "an array of this type");
    if (big<std::int32_t>(raw.data()) == 0) return;
    if (big<std::int32_t>(raw.data()) != 1 || raw.size() < 20) wrong_type(result, column, "a flat array");
    const auto count = big<std::int32_t>(raw.data() + 12);
    raw.remove_prefix(20);
    for (std::int32_t i = 0; i < count; ++i) {
        const auto length = big<std::int32_t>(raw.data());
        if (length < 0) wrong_type(result, column, "an array without NULLs");
        each(raw.substr(4, static_cast<std::size_t>(length)));
        raw.remove_prefix(4 + static_cast<std::size_t>(length));
    }
}

}  // namespace

bool read_null(const pg_result* result, int row, int column) {
    return PQgetisnull(result, row, column) != 0;
}

bool read_bool(const pg_result* result, int row, int column) {
    if (PQftype(result, column) != 16) wrong_type(result, column, "bool");
    return bytes_of(result, row, column)[0] != 0;
}

std::int64_t read_integer(const pg_result* result, int row, int column) {
    const auto type = PQftype(result, column);
    if (type != 20 && type != 21 && type != 23) wrong_type(result, column, "an integer");
    return integer_of(bytes_of(result, row, column));
}

std::int32_t narrow(std::int64_t value) {
    if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max())
        throw std::logic_error("a number in the database is too large for 32 bits");
    return static_cast<std::int32_t>(value);
}

double read_double(const pg_result* result, int row, int column) {
    const auto type = PQftype(result, column);
    const std::string_view raw = bytes_of(result, row, column);
    if (type == 701) return std::bit_cast<double>(big<std::uint64_t>(raw.data()));
    if (type == 700) return static_cast<double>(std::bit_cast<float>(big<std::uint32_t>(raw.data())));
    wrong_type(result, column, "float");
}

std::string_view read_text(const pg_result* result, int row, int column) {
    const auto type = PQftype(result, column);
    const std::string_view raw = bytes_of(result, row, column);
    switch (type) {
        case 17:    // bytea
        case 18:    // "char"
        case 19:    // name
        case 25:    // text
        case 114:   // json
        case 705:   // unknown
        case 1042:  // char(n)
        case 1043:  // varchar
            return raw;
        case 3802:  // jsonb: a version byte stands first
            return raw.substr(1);
        default:
            wrong_type(result, column, "text");
    }
}

Time read_time(const pg_result* result, int row, int column) {
    constexpr Time epoch = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
    const auto type = PQftype(result, column);
    if (type != 1184 && type != 1114) wrong_type(result, column, "timestamptz");
    const auto since = big<std::int64_t>(bytes_of(result, row, column).data());
    // PostgreSQL's "infinity" and "-infinity" are the ends of the range and have no moment.
    if (since == std::numeric_limits<std::int64_t>::max() ||
        since == std::numeric_limits<std::int64_t>::min())
        wrong_type(result, column, "a finite time");
    return epoch + std::chrono::microseconds(since);
}

Uuid read_uuid(const pg_result* result, int row, int column) {
    if (PQftype(result, column) != 2950) wrong_type(result, column, "uuid");
    Uuid uuid;
    std::memcpy(uuid.bytes.data(), bytes_of(result, row, column).data(), 16);
    return uuid;
}

crypto::Digest read_digest(const pg_result* result, int row, int column) {
    crypto::Digest digest;
    const auto raw = bytes_of(result, row, column);
    if (PQftype(result, column) != 17 || raw.size() != digest.size()) wrong_type(result, column, "a digest");
    std::memcpy(digest.data(), raw.data(), digest.size());
    return digest;
}

std::vector<std::string> read_texts(const pg_result* result, int row, int column) {
    std::vector<std::string> out;
    walk_array(result, row, column, {17, 18, 19, 25, 1043},
               [&](std::string_view raw) { out.emplace_back(raw); });
    return out;
}

std::vector<std::int64_t> read_integers(const pg_result* result, int row, int column) {
    std::vector<std::int64_t> out;
    walk_array(result, row, column, {20, 21, 23},
               [&](std::string_view raw) { out.push_back(integer_of(raw)); });
    return out;
}

std::vector<Uuid> read_uuids(const pg_result* result, int row, int column) {
    std::vector<Uuid> out;
    walk_array(result, row, column, {2950},
               [&](std::string_view raw) { std::memcpy(out.emplace_back().bytes.data(), raw.data(), 16); });
    return out;
}

}  // namespace detail
}  // namespace bb::db
