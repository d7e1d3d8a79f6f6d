#include "services/mail/message.hpp"

#include <gtest/gtest.h>

namespace {

using namespace bb;
using mail::Envelope;
using mail::Message;

const Envelope envelope{"BrainBytes <tutor@school.example>", "id1",
                        Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22))};

bool has(const std::string& mail, const std::string& text) {
    return mail.find(text) != std::string::npos;
}

TEST(MailMessage, HasBothFormsAndAHead) {
    const Message message{"ana@example.org", "Hello", "Line one\nLine two\n", "<p>Hello</p>\n"};
    EXPECT_EQ(mail::render(message, envelope),
              "From: BrainBytes <tutor@school.example>\r\n"
              "To: ana@example.org\r\n"
              "Subject: Hello\r\n"
              "Date: Sun, 22 Nov 2026 00:00:00 +0000\r\n"
              "Message-ID: <id1@school.example>\r\n"
              "Auto-Submitted: auto-generated\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: multipart/alternative; boundary=\"=_id1\"\r\n"
              "\r\n"
              "--=_id1\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: 7bit\r\n"
              "\r\n"
              "Line one\r\nLine two\r\n"
              "\r\n"
              "--=_id1\r\n"
              "Content-Type: text/html; charset=utf-8\r\n"
              "Content-Transfer-Encoding: 7bit\r\n"
              "\r\n"
              "<p>Hello</p>\r\n"
              "\r\n"
              "--=_id1--\r\n");
}

TEST(MailMessage, IsAsciiWhateverIsSaid) {
    const Message message{"ana@example.org", "Mabuhay, señor", "a = é\nends in space \n", "<p>ñ</p>"};
    const auto mail = mail::render(message, envelope);
    EXPECT_TRUE(has(mail, "Subject: =?UTF-8?Q?Mabuhay=2C=20se=C3=B1or?=\r\n")) << mail;
    EXPECT_TRUE(
        has(mail, "Content-Transfer-Encoding: quoted-printable\r\n\r\na =3D =C3=A9\r\nends in space=20\r\n"))
        << mail;
    for (const char c : mail) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
}

TEST(MailMessage, BreaksLongLinesSoftly) {
    const Message message{"ana@example.org", "x", std::string(300, 'a') + "\n", "y"};
    const auto mail = mail::render(message, envelope);
    EXPECT_TRUE(has(mail, std::string(75, 'a') + "=\r\n" + std::string(75, 'a')));
}

TEST(MailMessage, BreaksALongSubjectBetweenCharacters) {
    std::string subject;
    for (int i = 0; i < 40; ++i) subject += "ñ";
    const auto mail = mail::render({"ana@example.org", subject, "x", "y"}, envelope);
    EXPECT_TRUE(has(mail, "?=\r\n =?UTF-8?Q?=C3=B1")) << mail;
    EXPECT_FALSE(has(mail, "=C3?="));
}

TEST(MailMessage, LetsNobodySmuggleAHeaderIn) {
    const Message message{"ana@example.org\r\nBcc: all@example.org", "Hi\r\nX-Evil: 1", "x", "y"};
    const auto mail = mail::render(message, envelope);
    EXPECT_FALSE(has(mail, "\nBcc:"));
    EXPECT_FALSE(has(mail, "\nX-Evil:"));
}

TEST(MailMessage, FindsTheAddressInAMailbox) {
    EXPECT_EQ(mail::address_in("BrainBytes <tutor@school.example>"), "tutor@school.example");
    EXPECT_EQ(mail::address_in(" tutor@school.example "), "tutor@school.example");
    EXPECT_EQ(mail::address_in("odd > name < here"), "odd > name < here");
    EXPECT_TRUE(has(mail::render({"a@b.co", "s", "t", "h"}, {"nobody", "id2", Time{}}), "<id2@localhost>"));
}

TEST(MailMessage, EscapesForHtml) {
    EXPECT_EQ(mail::escape_html("<a href=\"x\">'&'</a>"),
              "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

}  // namespace
