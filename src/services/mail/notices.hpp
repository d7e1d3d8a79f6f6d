#pragma once
#include <string>

#include "services/mail/message.hpp"

namespace bb::mail {

/// What every notice needs.
struct NoticeHead {
    std::string to;
    std::string language;          // "en" or "fil"; anything else reads English
    std::string link;              // where its button leads
    std::string unsubscribe_page;  // where a person ends mails of this kind; empty: they cannot
    std::string unsubscribe_post;  // where a mail program does so (RFC 8058)
};

/// Somebody signed in from a device or network that was new. `where`: in the words of the sessions page.
Message new_device_message(const NoticeHead& head, const std::string& where, const std::string& when);

/// To the old address: a change of the address was asked for.
Message address_asked_message(const NoticeHead& head, const std::string& when);

/// To the old address: the address was changed.
Message address_changed_message(const NoticeHead& head, const std::string& when);

/// The archive that was asked for lies ready until `when`.
Message archive_ready_message(const NoticeHead& head, const std::string& when);

/// What a person did within a week.
struct Week {
    std::string chats;
    std::string questions;
    std::string materials;
};
Message weekly_message(const NoticeHead& head, const Week& week);

/// To the new address: the code that makes it the account's.
Message address_code_message(const std::string& to, const std::string& language, const std::string& code);

}  // namespace bb::mail
