#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/uuid.hpp"

namespace bb {

/// Parses UTF-8 JSON with a depth limit of 32. Errors: malformed, with the place of the fault.
Result<boost::json::value> parse_json(std::string_view text);

/// A member's text, of JSON that we wrote ourselves; empty when it is absent or no text.
std::string text_member(const boost::json::object& object, std::string_view name);

/// Bounds for a text field, in Unicode code points.
struct TextLimits {
    std::size_t min = 0;
    std::size_t max = 0;
    bool multiline = false;  // line breaks and tabs allowed
};

/// Reads a flat JSON object field by field and reports every bad field at once; fields nobody asked
/// for are bad too. NUL and other control characters are refused in text.
///   FieldReader in(body); auto title = in.text("title", {1, 200}); if (auto bad = in.error()) return *bad;
class FieldReader {
public:
    /// `body` must outlive the reader. A body that is not an object is reported by error().
    explicit FieldReader(const boost::json::value& body);

    /// Required text; surrounding white space is trimmed unless multiline.
    std::string text(std::string_view name, TextLimits limits);
    /// Absent gives nullopt; present must fit.
    std::optional<std::string> optional_text(std::string_view name, TextLimits limits);
    /// Absent gives an empty outer optional; null gives an inner nullopt.
    std::optional<std::optional<std::string>> nullable_text(std::string_view name, TextLimits limits);
    std::optional<bool> optional_bool(std::string_view name);
    std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min, std::int64_t max);
    /// Required text that is one of `choices`.
    std::string choice(std::string_view name, std::initializer_list<std::string_view> choices);
    std::optional<std::string> optional_choice(std::string_view name,
                                               std::initializer_list<std::string_view> choices);
    std::optional<Uuid> optional_uuid(std::string_view name);
    /// Absent gives nullopt; an array of at most `max` identifiers otherwise.
    std::optional<std::vector<Uuid>> optional_uuids(std::string_view name, std::size_t max);
    /// The raw value, for nested shapes; null pointer when absent.
    const boost::json::value* raw(std::string_view name);
    /// Says that field `name` is accepted and not looked at.
    void ignore(std::string_view name) { raw(name); }

    /// Adds a complaint of the caller's own about a field.
    void complain(std::string_view name, std::string detail);
    /// The 422 with every complaint, or nullopt when all fields were good.
    std::optional<Error> error();

private:
    std::optional<std::string> checked_text(std::string_view name, const boost::json::value& value,
                                            TextLimits limits);

    const boost::json::object* object_ = nullptr;
    std::vector<std::string_view> known_;
    std::vector<FieldError> errors_;
};

}  // namespace bb
