#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/http/request.hpp"
#include "base/http/response.hpp"

namespace bb::materials {

/// What If-Match demands of the version of a row. Our tags are `"<version>.<more>"`, and only the version
/// counts.
class IfMatch {
public:
    IfMatch() = default;
    /// From the header; absent or `*` allows every version. A weak tag fits none (RFC 9110, 13.1.1).
    static IfMatch of(const http::Request& request);
    bool allows(int version) const;
    /// The versions that are allowed, for a statement's condition; nullopt: every one.
    const std::optional<std::vector<std::int32_t>>& versions() const { return versions_; }

private:
    std::optional<std::vector<std::int32_t>> versions_;
};

/// A single resource with its tag: 304 when If-None-Match holds it.
http::Response tagged(const http::Request& request, http::Response response, int version,
                      const std::string& more);

/// The 412 for a version that does not fit.
Error stale();

}  // namespace bb::materials
