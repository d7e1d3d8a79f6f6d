#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/core/time.hpp"
#include "base/core/uuid.hpp"
#include "base/http/request.hpp"

namespace bb::accounts {

using UserId = Id<struct UserTag>;
using SessionId = Id<struct SessionTag>;

/// A person. Roles: "student", "teacher", "administrator".
struct User {
    UserId id;
    std::string email;
    std::string name;
    std::string role;
    std::string language;  // "en" or "fil"
    std::string theme;     // "light", "dark" or "system"
    Time created_at;
    std::optional<Time> suspended_at = std::nullopt;
    std::optional<Time> last_seen_at = std::nullopt;

    std::string_view state() const { return suspended_at ? "suspended" : "active"; }
};

/// The signed-in person of a request, as the owner that every repository asks for.
inline UserId owner_of(const http::Request& request) {
    return UserId{request.user()};
}

}  // namespace bb::accounts
