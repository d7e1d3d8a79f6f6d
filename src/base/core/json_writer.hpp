#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/core/time.hpp"
#include "base/core/uuid.hpp"

namespace bb {

/// Appends `text` to `out` as a JSON string with its quotes. `text` must be UTF-8.
/// `<`, U+2028 and U+2029 are escaped too, so that the result may stand inside a script.
void append_json_string(std::string& out, std::string_view text);

/// Writes JSON by appending to one string; commas are its own affair.
///   JsonWriter json; json.object().field("id", id).key("tags").array().value("a").end().end();
class JsonWriter {
public:
    /// `expected`: bytes to make room for at once.
    explicit JsonWriter(std::size_t expected = 0) { out_.reserve(expected); }

    JsonWriter& object();
    JsonWriter& array();
    /// Closes the innermost object or array.
    JsonWriter& end();
    /// `name` is written as it is: one of our own names, without quotes or controls.
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    JsonWriter& value(bool truth);
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
    JsonWriter& value(std::uint64_t number);
    JsonWriter& value(double number);
    JsonWriter& value(Time time);
    JsonWriter& value(const Uuid& id);
    JsonWriter& null();
    /// Inserts text that is JSON already.
    JsonWriter& raw(std::string_view json);

    template <class Tag>
    JsonWriter& value(const Id<Tag>& id) {
        return value(id.value);
    }
    template <class T>
    JsonWriter& value(const std::optional<T>& maybe) {
        return maybe ? value(*maybe) : null();
    }
    template <class T>
    JsonWriter& field(std::string_view name, const T& content) {
        key(name);
        return value(content);
    }

    const std::string& text() const { return out_; }
    std::string take() { return std::move(out_); }

private:
    void separate();

    std::string out_;
    std::string closers_;  // one '}' or ']' per open level
    bool need_comma_ = false;
};

}  // namespace bb
