#include "base/core/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/core/utf8.hpp"

namespace bb {

Result<boost::json::value> parse_json(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = 32;
    boost::system::error_code failed;
    boost::json::value value = boost::json::parse({text.data(), text.size()}, failed, {}, options);
    if (failed) return Error(ErrorCode::malformed, "The body is not valid JSON: " + failed.message() + ".");
    return value;
}

std::string text_member(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

FieldReader::FieldReader(const boost::json::value& body) : object_(body.if_object()) {
    if (!object_) errors_.push_back({"#", "must be a JSON object"});
}

const boost::json::value* FieldReader::raw(std::string_view name) {
    known_.push_back(name);
    return object_ ? object_->if_contains({name.data(), name.size()}) : nullptr;
}

namespace {

constexpr std::size_t max_complaints = 20;

/// `name` as one step of a JSON Pointer (RFC 6901).
std::string pointer_step(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

}  // namespace

void FieldReader::complain(std::string_view name, std::string detail) {
    if (errors_.size() < max_complaints) errors_.push_back({"#/" + pointer_step(name), std::move(detail)});
}

std::optional<std::string> FieldReader::checked_text(std::string_view name, const boost::json::value& value,
                                                     TextLimits limits) {
    const auto* string = value.if_string();
    if (!string) {
        complain(name, "must be text");
        return std::nullopt;
    }
    std::string_view text(string->data(), string->size());
    if (!limits.multiline) text = utf8::trim(text);
    const bool line_breaks = text.find_first_of("\n\r\t") != std::string_view::npos;
    if (utf8::has_controls(text) || (!limits.multiline && line_breaks)) {
        complain(name, "must not contain control characters");
        return std::nullopt;
    }
    const std::size_t length = utf8::length(text);
    if (length < limits.min) {
        complain(name, limits.min == 1 ? "must not be empty"
                                       : fmt::format("must have at least {} characters", limits.min));
        return std::nullopt;
    }
    if (length > limits.max) {
        complain(name, fmt::format("must have at most {} characters, this has {}", limits.max, length));
        return std::nullopt;
    }
    return std::string(text);
}

std::string FieldReader::text(std::string_view name, TextLimits limits) {
    const auto* value = raw(name);
    if (!value) {
        if (object_) complain(name, "is required");
        return {};
    }
    return checked_text(name, *value, limits).value_or(std::string());
}

std::optional<std::string> FieldReader::optional_text(std::string_view name, TextLimits limits) {
    const auto* value = raw(name);
    return value ? checked_text(name, *value, limits) : std::nullopt;
}

std::optional<std::optional<std::string>> FieldReader::nullable_text(std::string_view name,
                                                                     TextLimits limits) {
    const auto* value = raw(name);
    if (!value) return std::nullopt;
    if (value->is_null()) return std::optional<std::string>();
    return checked_text(name, *value, limits);
}

std::optional<bool> FieldReader::optional_bool(std::string_view name) {
    const auto* value = raw(name);
    if (!value) return std::nullopt;
    if (!value->is_bool()) {
        complain(name, "must be true or false");
        return std::nullopt;
    }
    return value->get_bool();
}

std::optional<std::int64_t> FieldReader::optional_integer(std::string_view name, std::int64_t min,
                                                          std::int64_t max) {
    const auto* value = raw(name);
    if (!value) return std::nullopt;
    if (!value->is_int64() || value->get_int64() < min || value->get_int64() > max) {
        complain(name, fmt::format("must be a whole number from {} to {}", min, max));
        return std::nullopt;
    }
    return value->get_int64();
}

std::string FieldReader::choice(std::string_view name, std::initializer_list<std::string_view> choices) {
    const auto found = optional_choice(name, choices);
    if (!found && object_ && !object_->contains({name.data(), name.size()})) complain(name, "is required");
    return found.value_or(std::string());
}

std::optional<std::string> FieldReader::optional_choice(std::string_view name,
                                                        std::initializer_list<std::string_view> choices) {
    const auto* value = raw(name);
    if (!value) return std::nullopt;
    if (const auto* string = value->if_string()) {
        const std::string_view text(string->data(), string->size());
        if (std::find(choices.begin(), choices.end(), text) != choices.end()) return std::string(text);
    }
    complain(name, fmt::format("must be one of {}", fmt::join(choices, ", ")));
    return std::nullopt;
}

std::optional<Uuid> FieldReader::optional_uuid(std::string_view name) {
    const auto* value = raw(name);
    if (!value) return std::nullopt;
    if (const auto* string = value->if_string())
        if (const auto uuid = Uuid::parse({string->data(), string->size()})) return uuid;
    complain(name, "must be an id");
    return std::nullopt;
}

std::optional<std::vector<Uuid>> FieldReader::optional_uuids(std::string_view name, std::size_t max) {
    const auto* value = raw(name);
    if (!value) return std::nullopt;
    const auto* list = value->if_array();
    std::vector<Uuid> ids;
    if (!list || list->size() > max) {
        complain(name, fmt::format("must be a list of at most {} ids", max));
        return std::nullopt;
    }
    for (const auto& item : *list) {
        const auto* string = item.if_string();
        const auto id = string ? Uuid::parse({string->data(), string->size()}) : std::nullopt;
        if (!id) {
            errors_.push_back({fmt::format("#/{}/{}", name, ids.size()), "must be an id"});
            return std::nullopt;
        }
        ids.push_back(*id);
    }
    return ids;
}

std::optional<Error> FieldReader::error() {
    if (object_) {
        for (const auto& member : *object_) {
            const std::string_view key(member.key().data(), member.key().size());
            if (std::find(known_.begin(), known_.end(), key) == known_.end())
                complain(utf8::prefix(key, 80), "is not a known field");
        }
    }
    if (errors_.empty()) return std::nullopt;
    const bool one = errors_.size() == 1;
    return Error(ErrorCode::invalid_input, one ? "One field needs attention." : "Some fields need attention.",
                 std::move(errors_));
}

}  // namespace bb
