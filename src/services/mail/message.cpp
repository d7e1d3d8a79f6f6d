#include "services/mail/message.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/core/utf8.hpp"

namespace bb::mail {
namespace {

constexpr std::size_t longest_line = 76;          // RFC 2045, section 6.7
constexpr std::size_t longest_encoded_word = 45;  // bytes of text in one word of RFC 2047

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool fits_as_it_is(std::string_view text) {
    std::size_t length = 0;
    for (const char c : text) {
        length = c == '\n' ? 0 : length + 1;
        if (length > longest_line) return false;
    }
    return is_ascii(text);
}

std::string escaped_byte(char c) {
    char text[4];
    std::snprintf(text, sizeof text, "=%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    return text;
}

std::string with_crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

/// RFC 2045 quoted-printable.
std::string quoted_printable(std::string_view text) {
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') {
            out += "\r\n";
            column = 0;
            continue;
        }
        const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
        const bool plain = (c > ' ' && c < 0x7f && c != '=') || (c == ' ' && !ends_line);
        const auto piece = plain ? std::string(1, c) : escaped_byte(c);
        if (column + piece.size() >= longest_line) {
            out += "=\r\n";
            column = 0;
        }
        out += piece;
        column += piece.size();
    }
    return out;
}

/// A header's text, as RFC 2047 words when it is not ASCII. Controls are dropped: no header can be smuggled
/// in.
std::string header_text(std::string_view text) {
    std::string clean;
    for (const char c : text)
        if (static_cast<unsigned char>(c) >= ' ' && c != 0x7f) clean += c;
    if (is_ascii(clean)) return clean;

    std::string out;
    std::string word;
    const auto flush = [&] {
        if (!out.empty()) out += "\r\n ";
        out += "=?UTF-8?Q?" + word + "?=";
        word.clear();
    };
    for (std::size_t at = 0; at < clean.size();) {
        const auto from = at;
        utf8::next(clean, at);
        std::string piece;
        for (const char c : clean.substr(from, at - from)) {
            const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            piece += plain ? std::string(1, c) : escaped_byte(c);
        }
        if (word.size() + piece.size() > longest_encoded_word) flush();
        word += piece;
    }
    flush();
    return out;
}

/// RFC 5322 date: Sun, 22 Nov 2026 20:10:00 +0000.
std::string mail_date(Time time) {
    auto text = to_http_date(time);
    text.replace(text.rfind("GMT"), 3, "+0000");
    return text;
}

std::string part(std::string_view media_type, std::string_view content) {
    const bool plain = fits_as_it_is(content);
    std::string out = "Content-Type: " + std::string(media_type) + "; charset=utf-8\r\n";
    out += plain ? "Content-Transfer-Encoding: 7bit\r\n\r\n"
                 : "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    out += plain ? with_crlf(content) : quoted_printable(content);
    return out + "\r\n";
}

std::string_view domain_of(std::string_view address) {
    const auto at = address.rfind('@');
    return at == std::string_view::npos ? "localhost" : address.substr(at + 1);
}

}  // namespace

std::string render(const Message& message, const Envelope& envelope) {
    const auto domain = std::string(domain_of(address_in(envelope.from)));
    const auto boundary = "=_" + envelope.id;
    std::string out;
    out += "From: " + header_text(envelope.from) + "\r\n";
    out += "To: " + header_text(message.to) + "\r\n";
    out += "Subject: " + header_text(message.subject) + "\r\n";
    out += "Date: " + mail_date(envelope.date) + "\r\n";
    out += "Message-ID: <" + envelope.id + "@" + domain + ">\r\n";
    out += "Auto-Submitted: auto-generated\r\n";
    if (!message.unsubscribe.empty()) {
        out += "List-Unsubscribe: <" + header_text(message.unsubscribe) + ">\r\n";
        out += "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";
    }
    out += "MIME-Version: 1.0\r\n";
    out += "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n";
    out += "--" + boundary + "\r\n" + part("text/plain", message.text);
    out += "--" + boundary + "\r\n" + part("text/html", message.html);
    out += "--" + boundary + "--\r\n";
    return out;
}

std::string_view address_in(std::string_view mailbox) {
    const auto open = mailbox.rfind('<');
    const auto close = mailbox.rfind('>');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return utf8::trim(mailbox);
    return mailbox.substr(open + 1, close - open - 1);
}

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace bb::mail
