#pragma once
#include <string>
#include <string_view>

#include "base/core/error.hpp"

namespace bb::dns {

/// What a record points to, and the type that follows from it.
struct Target {
    std::string type;  ///< "A", "AAAA" or "CNAME"
    std::string content;

    bool operator==(const Target&) const = default;
};

/// A name in the form that the API answers with: small letters, no dot at the end. Errors: invalid_input.
Result<std::string> parse_name(std::string_view text);

/// An IP address or a host name. Errors: invalid_input.
Result<Target> parse_target(std::string_view text);

}  // namespace bb::dns
