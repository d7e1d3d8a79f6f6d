#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/time.hpp"
#include "base/core/uuid.hpp"

struct pg_result;

namespace bb::db {

class Rows;

/// One row of a result. Columns count from 0; a wrong type or an unexpected NULL throws std::logic_error.
class Row {
public:
    /// T: bool, int32_t, int64_t (int2, int4, int8 widen), double (float4 too), std::string, std::string_view
    /// (text, varchar, bytea, jsonb; valid while the Rows live), Time, Uuid, Id<..>, Digest (bytea),
    /// std::vector of std::string, int32_t, int64_t and Uuid (one-dimensional arrays without NULLs),
    /// std::optional of any.
    template <class T>
    T get(int column) const;
    bool is_null(int column) const;

private:
    friend class Rows;
    Row(const pg_result* result, int row) : result_(result), row_(row) {}
    const pg_result* result_;
    int row_;
};

/// The result of one statement.
class Rows {
public:
    Rows() = default;
    /// Takes ownership of a libpq result in binary format.
    explicit Rows(pg_result* result);

    int size() const;
    bool empty() const { return size() == 0; }
    Row operator[](int row) const { return Row(result_.get(), row); }
    /// Rows touched by INSERT, UPDATE or DELETE.
    std::int64_t affected() const;
    /// The command's name as the server reports it: "COMMIT", "ROLLBACK", "INSERT 0 1".
    std::string_view command() const;
    /// The libpq result itself, for the connection; null when the connection broke.
    const pg_result* raw() const { return result_.get(); }

    class Iterator {
    public:
        Iterator(const Rows* rows, int at) : rows_(rows), at_(at) {}
        Row operator*() const { return (*rows_)[at_]; }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return at_ != other.at_; }

    private:
        const Rows* rows_;
        int at_;
    };
    Iterator begin() const { return {this, 0}; }
    Iterator end() const { return {this, size()}; }

private:
    std::shared_ptr<const pg_result> result_;
};

namespace detail {
template <class T>
struct Read;

bool read_bool(const pg_result*, int row, int column);
std::int64_t read_integer(const pg_result*, int row, int column);
/// Throws std::logic_error when the value needs more than 32 bits.
std::int32_t narrow(std::int64_t value);
double read_double(const pg_result*, int row, int column);
std::string_view read_text(const pg_result*, int row, int column);
Time read_time(const pg_result*, int row, int column);
Uuid read_uuid(const pg_result*, int row, int column);
crypto::Digest read_digest(const pg_result*, int row, int column);
std::vector<std::string> read_texts(const pg_result*, int row, int column);
std::vector<std::int64_t> read_integers(const pg_result*, int row, int column);
std::vector<Uuid> read_uuids(const pg_result*, int row, int column);
bool read_null(const pg_result*, int row, int column);

template <>
struct Read<bool> {
    static bool from(const pg_result* r, int i, int c) { return read_bool(r, i, c); }
};
template <>
struct Read<std::int64_t> {
    static std::int64_t from(const pg_result* r, int i, int c) { return read_integer(r, i, c); }
};
template <>
struct Read<std::int32_t> {
    static std::int32_t from(const pg_result* r, int i, int c) { return narrow(read_integer(r, i, c)); }
};
template <>
struct Read<double> {
    static double from(const pg_result* r, int i, int c) { return read_double(r, i, c); }
};
template <>
struct Read<std::string_view> {
    static std::string_view from(const pg_result* r, int i, int c) { return read_text(r, i, c); }
};
template <>
struct Read<std::string> {
    static std::string from(const pg_result* r, int i, int c) { return std::string(read_text(r, i, c)); }
};
template <>
struct Read<Time> {
    static Time from(const pg_result* r, int i, int c) { return read_time(r, i, c); }
};
template <>
struct Read<Uuid> {
    static Uuid from(const pg_result* r, int i, int c) { return read_uuid(r, i, c); }
};
template <>
struct Read<crypto::Digest> {
    static crypto::Digest from(const pg_result* r, int i, int c) { return read_digest(r, i, c); }
};
template <class Tag>
struct Read<Id<Tag>> {
    static Id<Tag> from(const pg_result* r, int i, int c) { return Id<Tag>{read_uuid(r, i, c)}; }
};
template <>
struct Read<std::vector<std::string>> {
    static std::vector<std::string> from(const pg_result* r, int i, int c) { return read_texts(r, i, c); }
};
template <>
struct Read<std::vector<std::int64_t>> {
    static std::vector<std::int64_t> from(const pg_result* r, int i, int c) { return read_integers(r, i, c); }
};
template <>
struct Read<std::vector<std::int32_t>> {
    static std::vector<std::int32_t> from(const pg_result* r, int i, int c) {
        const auto wide = read_integers(r, i, c);
        std::vector<std::int32_t> out;
        out.reserve(wide.size());
        for (const std::int64_t one : wide) out.push_back(narrow(one));
        return out;
    }
};
template <>
struct Read<std::vector<Uuid>> {
    static std::vector<Uuid> from(const pg_result* r, int i, int c) { return read_uuids(r, i, c); }
};
template <class T>
struct Read<std::optional<T>> {
    static std::optional<T> from(const pg_result* r, int i, int c) {
        if (read_null(r, i, c)) return std::nullopt;
        return Read<T>::from(r, i, c);
    }
};
}  // namespace detail

template <class T>
T Row::get(int column) const {
    return detail::Read<T>::from(result_, row_, column);
}

}  // namespace bb::db
