#pragma once
#include <string>
#include <string_view>

#include "base/core/time.hpp"

namespace bb::mail {

/// One mail to one person, in both forms.
struct Message {
    std::string to;                // a plain address without controls
    std::string subject;           // UTF-8
    std::string text;              // UTF-8, lines end with \n
    std::string html;              // a whole document
    std::string id = "";           // a Message-ID that stays the same when it is sent again; may be empty
    std::string unsubscribe = "";  // where one POST ends mails of this kind (RFC 8058); may be empty
    std::string request = "";      // id of the request that it is sent for, for the log; may be empty
};

/// What goes into the head of every mail.
struct Envelope {
    std::string from;  // "BrainBytes <tutor@school.example>" or a plain address
    std::string id;    // makes the Message-ID unique
    Time date;
};

/// `message` as RFC 5322 text with CRLF: multipart/alternative, plain text first, ASCII throughout.
std::string render(const Message& message, const Envelope& envelope);

/// The plain address in "Name <address>" or "address".
std::string_view address_in(std::string_view mailbox);

/// `text` for use in HTML text and quoted attributes.
std::string escape_html(std::string_view text);

}  // namespace bb::mail
