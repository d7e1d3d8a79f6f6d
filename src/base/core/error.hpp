#pragma once
#include <boost/system/result.hpp>
#include <string>
#include <utility>
#include <vector>

namespace bb {

/// Outcomes a caller is expected to handle. Anything else is an exception and becomes a 500.
enum class ErrorCode {
    malformed,           // 400: not JSON, not UTF-8, unreadable
    unauthenticated,     // 401
    forbidden,           // 403
    proof_too_old,       // 403: the session must prove again who holds it
    suspended,           // 403: the person's account is suspended
    sign_up_closed,      // 403: nobody may make this account by themselves
    not_found,           // 404
    method_not_allowed,  // 405
    conflict,            // 409
    stale,               // 412: If-Match does not fit
    too_large,           // 413
    wrong_type,          // 415
    invalid_input,       // 422: fields listed
    rate_limited,        // 429
    unavailable,         // 503: database or another part is away; try again
};

/// One bad field of a request body.
struct FieldError {
    std::string pointer;  // JSON Pointer into the body, e.g. "#/title"
    std::string detail;
};

/// An expected failure. `detail` is shown to the client: never SQL, never a secret.
struct Error {
    ErrorCode code;
    std::string detail;
    std::vector<FieldError> fields;
    int retry_after = 0;  // seconds; sent as Retry-After when above zero
    std::string policy;   // which limit a rate_limited refusal is about; may be empty

    /// For boost::system::result, which makes one when asked for the error of a success.
    Error() : code(ErrorCode::unavailable) {}
    Error(ErrorCode code, std::string detail, std::vector<FieldError> fields = {}, int retry_after = 0)
        : code(code), detail(std::move(detail)), fields(std::move(fields)), retry_after(retry_after) {}
};

/// Called by Result::value() on an Error: a bug, so it throws std::logic_error.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T = void>
using Result = boost::system::result<T, Error>;

/// "There is no <what> with this id." for rows that are missing or belong to someone else.
Error not_found(std::string_view what);

/// A 422 that names a single field.
Error bad_field(std::string pointer, std::string detail);

}  // namespace bb
