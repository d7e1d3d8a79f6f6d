#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/time.hpp"
#include "base/core/uuid.hpp"

namespace bb::db {

/// Bytes that go into a bytea column.
struct Bytes {
    std::string_view data;
};

/// Text that goes into a jsonb column.
struct Json {
    std::string_view text;
};

/// The parameters of one statement in PostgreSQL's binary form, each with its type:
/// bool, int (int4), int64 (int8), double (float8), text, Bytes (bytea), Digest (bytea), Time (timestamptz),
/// Uuid and Id (uuid), Json (jsonb), optional of each (NULL), and vectors of text, int, int64, Uuid (arrays).
class Params {
public:
    template <class... Args>
    static Params of(const Args&... args) {
        Params params;
        params.types_.reserve(sizeof...(args));
        (params.add(args), ...);
        return params;
    }

    void add(bool value);
    void add(std::int32_t value);
    void add(std::int64_t value);
    void add(double value);
    void add(std::string_view value);
    void add(const char* value) { add(std::string_view(value)); }
    void add(const std::string& value) { add(std::string_view(value)); }
    void add(Bytes value);
    void add(const crypto::Digest& value);
    void add(Json value);
    void add(Time value);
    void add(const Uuid& value);
    void add(const std::vector<std::string>& values);
    void add(const std::vector<std::string_view>& values);
    void add(const std::vector<std::int32_t>& values);
    void add(const std::vector<std::int64_t>& values);
    void add(const std::vector<Uuid>& values);

    template <class Tag>
    void add(const Id<Tag>& id) {
        add(id.value);
    }
    template <class T>
    void add(const std::optional<T>& maybe) {
        if (maybe) return add(*maybe);
        add(T{});
        make_last_null();
    }

    /// What libpq wants, valid while this object lives and is not changed.
    int size() const { return static_cast<int>(types_.size()); }
    std::vector<const char*> values() const;
    const unsigned* types() const { return types_.data(); }
    const int* lengths() const { return lengths_.data(); }
    const int* formats() const { return formats_.data(); }

private:
    void begin(unsigned type);
    void end(std::size_t from);
    void make_last_null();

    std::string data_;
    std::vector<std::size_t> offsets_;  // npos: NULL
    std::vector<unsigned> types_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
};

}  // namespace bb::db
