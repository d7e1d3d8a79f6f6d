#pragma once
#include <string>

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
};

/// The signed-in person of a request, as the owner that every repository asks for.
inline UserId owner_of(const http::Request& request) {
    return UserId{request.user()};
}

}  // namespace bb::accounts
