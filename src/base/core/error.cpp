#include "base/core/error.hpp"

#include <stdexcept>

namespace bb {

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::logic_error("unhandled error: " + error.detail);
}

Error not_found(std::string_view what) {
    return Error(ErrorCode::not_found, "There is no " + std::string(what) + " with this id.");
}

Error bad_field(std::string pointer, std::string detail) {
    std::vector<FieldError> fields;
    fields.push_back({std::move(pointer), std::move(detail)});
    return Error(ErrorCode::invalid_input, "One field needs attention.", std::move(fields));
}

}  // namespace bb
