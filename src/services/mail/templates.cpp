#include "services/mail/templates.hpp"

#include "services/mail/fill.hpp"

namespace bb::mail {
namespace {

struct LetterWords {
    std::string_view language;
    std::string_view subject;
    std::string_view intro;
    std::string_view or_link;
    std::string_view button;
    std::string_view limit;
    std::string_view not_you;
};

constexpr LetterWords english = {
    .language = "en",
    .subject = "{code} is your BrainBytes sign-in code",
    .intro = "Type this code on the sign-in page:",
    .or_link = "Or open this link and press the button there:",
    .button = "Sign in to BrainBytes",
    .limit = "The code and the link work once, for {minutes} minutes.",
    .not_you = "You did not ask for this? Then do nothing; nobody gets in without it.",
};

constexpr LetterWords filipino = {
    .language = "fil",
    .subject = "{code} ang iyong sign-in code sa BrainBytes",
    .intro = "I-type ang code na ito sa pahina ng pag-sign in:",
    .or_link = "O buksan ang link na ito at pindutin ang button doon:",
    .button = "Mag-sign in sa BrainBytes",
    .limit = "Minsan lang magagamit ang code at link, sa loob ng {minutes} minuto.",
    .not_you = "Hindi mo ito hiningi? Huwag pansinin; walang makakapasok kung wala ito.",
};

// Inline styles alone: mail readers drop everything else.
constexpr std::string_view html_page =
    "<!doctype html>\n<html lang=\"{language}\">\n"
    "<head><meta charset=\"utf-8\"><title>{subject}</title></head>\n"
    "<body style=\"font-family:sans-serif;color:#2b2622\">\n"
    "<p>{intro}</p>\n"
    "<p style=\"font-size:28px;letter-spacing:6px\"><b>{code}</b></p>\n"
    "<p>{or_link}</p>\n"
    "<p><a href=\"{link}\" style=\"color:#a8452a\">{button}</a></p>\n"
    "<p>{limit}</p>\n<p>{not_you}</p>\n"
    "</body>\n</html>\n";

constexpr std::string_view text_page = "{intro}\n\n    {code}\n\n{or_link}\n\n{link}\n\n{limit}\n{not_you}\n";

struct InvitationWords {
    std::string_view language;
    std::string_view subject;
    std::string_view intro;
    std::string_view button;
    std::string_view limit;
};

constexpr InvitationWords invitations[] = {
    {"en", "You are invited to BrainBytes",
     "You are invited to BrainBytes, a tutor that answers from your own study materials. Open this link and "
     "press "
     "the button there:",
     "Come in", "The link works once, for {days} days."},
    {"fil", "Iniimbitahan ka sa BrainBytes",
     "Iniimbitahan ka sa BrainBytes, isang tutor na sumasagot mula sa sarili mong aralin. Buksan ang link na "
     "ito at "
     "pindutin ang button doon:",
     "Pumasok", "Minsan lang magagamit ang link, sa loob ng {days} araw."},
};

constexpr std::string_view invitation_html =
    "<!doctype html>\n<html lang=\"{language}\">\n"
    "<head><meta charset=\"utf-8\"><title>{subject}</title></head>\n"
    "<body style=\"font-family:sans-serif;color:#2b2622\">\n"
    "<p>{intro}</p>\n"
    "<p><a href=\"{link}\" style=\"color:#a8452a\">{button}</a></p>\n"
    "<p>{limit}</p>\n"
    "</body>\n</html>\n";

constexpr std::string_view invitation_text = "{intro}\n\n{link}\n\n{limit}\n";

}  // namespace

std::string fill(std::string_view page, Values values) {
    std::string out;
    while (!page.empty()) {
        const auto open = page.find('{');
        out += page.substr(0, open);
        if (open == std::string_view::npos) break;
        const auto close = page.find('}', open);
        const auto name = page.substr(open + 1, close - open - 1);
        for (const auto& [key, value] : values)
            if (key == name) out += value;
        page.remove_prefix(close + 1);
    }
    return out;
}

Message invitation_message(const Invitation& invitation) {
    const auto& words = invitations[invitation.language == "fil" ? 1 : 0];
    const auto limit = fill(words.limit, {{"days", std::to_string(invitation.days)}});
    const auto page = [&](std::string_view layout, std::string_view link) {
        return fill(layout, {{"language", words.language},
                             {"subject", words.subject},
                             {"intro", words.intro},
                             {"link", link},
                             {"button", words.button},
                             {"limit", limit}});
    };
    return {invitation.to, std::string(words.subject), page(invitation_text, invitation.link),
            page(invitation_html, escape_html(invitation.link))};
}

Message test_message(std::string to, std::string_view language) {
    const std::string words =
        language == "fil" ? "Dumarating ang mail mula sa BrainBytes." : "Mail from BrainBytes arrives.";
    return {std::move(to), words, words + "\n",
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"></head><body><p>" + words +
                "</p></body></html>\n"};
}

Message sign_in_message(const SignIn& sign_in) {
    const LetterWords& words = sign_in.language == filipino.language ? filipino : english;
    const auto subject = fill(words.subject, {{"code", sign_in.code}});
    const auto limit = fill(words.limit, {{"minutes", std::to_string(sign_in.minutes)}});
    const auto page = [&](std::string_view layout, std::string_view link) {
        return fill(layout, {{"language", words.language},
                             {"subject", subject},
                             {"intro", words.intro},
                             {"code", sign_in.code},
                             {"or_link", words.or_link},
                             {"link", link},
                             {"button", words.button},
                             {"limit", limit},
                             {"not_you", words.not_you}});
    };
    return {sign_in.to, subject, page(text_page, sign_in.link), page(html_page, escape_html(sign_in.link))};
}

}  // namespace bb::mail
