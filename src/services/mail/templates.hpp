#pragma once
#include <string>
#include <string_view>

#include "services/mail/message.hpp"

namespace bb::mail {

/// What the sign-in mail tells.
struct SignIn {
    std::string to;
    std::string code;      // six digits
    std::string link;      // opens the page that asks for one click
    int minutes = 10;      // how long both are good
    std::string language;  // "en" or "fil"; anything else reads English
};

/// The mail with the sign-in code and link.
Message sign_in_message(const SignIn& sign_in);

}  // namespace bb::mail
