#include "services/mail/templates.hpp"

#include <gtest/gtest.h>

namespace {

using namespace bb;

mail::SignIn sign_in(std::string language) {
    return {.to = "ana@example.org",
            .code = "012345",
            .link = "http://localhost:3000/sign-in/link#{code}\"<x>",
            .minutes = 10,
            .language = std::move(language)};
}

bool text_has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(MailTemplates, SignInCarriesCodeAndLinkInBothForms) {
    for (const char* language : {"en", "fil"}) {
        const auto message = mail::sign_in_message(sign_in(language));
        EXPECT_EQ(message.to, "ana@example.org");
        EXPECT_TRUE(text_has(message.subject, "012345"));
        EXPECT_TRUE(text_has(message.text, "012345"));
        EXPECT_TRUE(text_has(message.html, "012345"));
        EXPECT_TRUE(text_has(message.text, "10 min"));
        // Values are neither filled in again nor able to leave their attribute.
        EXPECT_TRUE(text_has(message.text, "/sign-in/link#{code}\"<x>"));
        EXPECT_TRUE(text_has(message.html, "/sign-in/link#{code}&quot;&lt;x&gt;\""));
        EXPECT_TRUE(text_has(message.html, std::string("lang=\"") + language + "\""));
    }
}

TEST(MailTemplates, SignInSpeaksTheLanguageOfThePage) {
    EXPECT_TRUE(text_has(mail::sign_in_message(sign_in("fil")).subject, "ang iyong sign-in code"));
    EXPECT_EQ(mail::sign_in_message(sign_in("tlh")).subject, mail::sign_in_message(sign_in("en")).subject);
}

TEST(MailTemplates, NoPlaceholderIsLeftOver) {
    auto values = sign_in("en");
    values.link = "http://localhost:3000/sign-in/link#token";
    for (const char* language : {"en", "fil"}) {
        values.language = language;
        const auto message = mail::sign_in_message(values);
        EXPECT_FALSE(text_has(message.subject + message.text + message.html, "{"));
    }
}

TEST(MailTemplates, InvitationCarriesItsLinkInBothForms) {
    for (const char* language : {"en", "fil", "tlh"}) {
        mail::Invitation invitation;
        invitation.to = "ana@example.org";
        invitation.link = "http://localhost:3000/invitation#\"<x>";
        invitation.language = language;
        const auto message = mail::invitation_message(invitation);
        EXPECT_EQ(message.to, "ana@example.org");
        EXPECT_TRUE(text_has(message.text, "/invitation#\"<x>"));
        EXPECT_TRUE(text_has(message.html, "/invitation#&quot;&lt;x&gt;\""));
        EXPECT_TRUE(text_has(message.text, "7 "));
        EXPECT_EQ(text_has(message.subject, "Iniimbitahan"), std::string(language) == "fil");
    }
}

}  // namespace
