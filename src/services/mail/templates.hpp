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

/// What the invitation tells.
struct Invitation {
    std::string to;
    std::string link;  // opens the page that asks for one click
    int days = 7;      // how long it is good
    std::string language;
};

/// The mail with the link of an invitation.
Message invitation_message(const Invitation& invitation);

/// The mail by which an administrator sees that mail arrives.
Message test_message(std::string to, std::string_view language);

/// The mail with the sign-in code and link.
Message sign_in_message(const SignIn& sign_in);

}  // namespace bb::mail
