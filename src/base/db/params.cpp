#include "base/db/params.hpp"

#include <boost/endian/conversion.hpp>

#include <bit>
#include <stdexcept>

namespace bb::db {
namespace {

// Object identifiers of PostgreSQL's built-in types (src/include/catalog/pg_type.dat).
enum Oid : unsigned {
    bool_oid = 16,
    bytea_oid = 17,
    int8_oid = 20,
    int4_oid = 23,
    text_oid = 25,
    float8_oid = 701,
    int4_array_oid = 1007,
    text_array_oid = 1009,
    int8_array_oid = 1016,
    timestamptz_oid = 1184,
    uuid_oid = 2950,
    uuid_array_oid = 2951,
    jsonb_oid = 3802,
};

template <class T>
void append_big(std::string& out, T value) {
    const T big = boost::endian::native_to_big(value);
    out.append(reinterpret_cast<const char*>(&big), sizeof big);
}

/// The header of a one-dimensional array without NULLs.
void append_array_header(std::string& out, unsigned element, std::size_t size) {
    append_big<std::int32_t>(out, size == 0 ? 0 : 1);
    append_big<std::int32_t>(out, 0);
    append_big<std::uint32_t>(out, element);
    if (size == 0) return;
    append_big<std::int32_t>(out, static_cast<std::int32_t>(size));
    append_big<std::int32_t>(out, 1);
}

template <class Text>
void append_text_array(std::string& out, const std::vector<Text>& values) {
    append_array_header(out, text_oid, values.size());
    for (const auto& text : values) {
        append_big<std::int32_t>(out, static_cast<std::int32_t>(text.size()));
        out.append(text);
    }
}

template <class T>
void append_number_array(std::string& out, unsigned element, const std::vector<T>& values) {
    append_array_header(out, element, values.size());
    for (const T value : values) {
        append_big<std::int32_t>(out, sizeof(T));
        append_big<T>(out, value);
    }
}

}  // namespace

void Params::begin(unsigned type) {
    types_.push_back(type);
    formats_.push_back(1);
    offsets_.push_back(data_.size());
}

void Params::end(std::size_t from) {
    lengths_.push_back(static_cast<int>(data_.size() - from));
}

void Params::make_last_null() {
    offsets_.back() = std::string::npos;
    lengths_.back() = 0;
}

std::vector<const char*> Params::values() const {
    std::vector<const char*> out;
    out.reserve(offsets_.size());
    for (const std::size_t offset : offsets_)
        out.push_back(offset == std::string::npos ? nullptr : data_.data() + offset);
    return out;
}

void Params::add(bool value) {
    begin(bool_oid);
    data_ += static_cast<char>(value ? 1 : 0);
    end(offsets_.back());
}

void Params::add(std::int32_t value) {
    begin(int4_oid);
    append_big(data_, value);
    end(offsets_.back());
}

void Params::add(std::int64_t value) {
    begin(int8_oid);
    append_big(data_, value);
    end(offsets_.back());
}

void Params::add(double value) {
    begin(float8_oid);
    append_big(data_, std::bit_cast<std::uint64_t>(value));
    end(offsets_.back());
}

void Params::add(std::string_view value) {
    if (value.find('\0') != std::string_view::npos) throw std::invalid_argument("NUL in a text parameter");
    begin(text_oid);
    data_.append(value);
    end(offsets_.back());
}

void Params::add(Bytes value) {
    begin(bytea_oid);
    data_.append(value.data);
    end(offsets_.back());
}

void Params::add(const crypto::Digest& value) {
    add(Bytes{{reinterpret_cast<const char*>(value.data()), value.size()}});
}

void Params::add(Json value) {
    begin(jsonb_oid);
    data_ += '\x01';  // version of jsonb's binary form
    data_.append(value.text);
    end(offsets_.back());
}

void Params::add(Time value) {
    constexpr Time epoch = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
    begin(timestamptz_oid);
    append_big<std::int64_t>(data_, (value - epoch).count());
    end(offsets_.back());
}

void Params::add(const Uuid& value) {
    begin(uuid_oid);
    data_.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
    end(offsets_.back());
}

void Params::add(const std::vector<std::string>& values) {
    begin(text_array_oid);
    append_text_array(data_, values);
    end(offsets_.back());
}

void Params::add(const std::vector<std::string_view>& values) {
    begin(text_array_oid);
    append_text_array(data_, values);
    end(offsets_.back());
}

void Params::add(const std::vector<std::int32_t>& values) {
    begin(int4_array_oid);
    append_number_array(data_, int4_oid, values);
    end(offsets_.back());
}

void Params::add(const std::vector<std::int64_t>& values) {
    begin(int8_array_oid);
    append_number_array(data_, int8_oid, values);
    end(offsets_.back());
}

void Params::add(const std::vector<Uuid>& values) {
    begin(uuid_array_oid);
    append_array_header(data_, uuid_oid, values.size());
    for (const Uuid& id : values) {
        append_big<std::int32_t>(data_, 16);
        data_.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
    }
    end(offsets_.back());
}

}  // namespace bb::db
