#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http/request.hpp"
#include "base/http/response.hpp"

namespace bb::http {

/// What If-Match demands of a resource. Our tags are `"<mark>.<more>"`, and only the mark counts here: it
/// stands for what can be edited of the resource, as the version of its row or as mark_of().
class IfMatch {
public:
    IfMatch() = default;
    /// From the header; absent or `*` allows everything. A weak tag fits nothing (RFC 9110, 13.1.1).
    static IfMatch of(const Request& request);
    bool allows(std::string_view mark) const;
    bool allows(int version) const { return allows(std::to_string(version)); }
    /// The versions that are allowed, for a statement's condition; nullopt: every one.
    std::optional<std::vector<std::int32_t>> versions() const;

private:
    std::optional<std::vector<std::string>> marks_;
};

/// The mark of what can be edited, where a row has no version: the same for the same text.
std::string mark_of(std::string_view editable);

/// A single resource with its tag: 304 when If-None-Match holds it. `more` changes with whatever else is
/// shown.
Response tagged(const Request& request, Response response, std::string_view mark, const std::string& more);
inline Response tagged(const Request& request, Response response, int version, const std::string& more) {
    return tagged(request, std::move(response), std::to_string(version), more);
}
/// The same, with a hash of the body for `more`.
Response tagged(const Request& request, Response response, std::string_view mark);

/// The 412 for a mark that does not fit.
Error stale();

}  // namespace bb::http
