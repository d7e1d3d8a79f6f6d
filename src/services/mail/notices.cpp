#include "services/mail/notices.hpp"

#include "services/mail/fill.hpp"

namespace bb::mail {
namespace {

struct Words {
    std::string_view subject;
    std::string_view intro;
    std::string_view detail;
    std::string_view advice;
    std::string_view button;
};

/// English, then Filipino.
using Both = Words[2];

constexpr Both new_device = {
    {"New sign-in to your BrainBytes account",
     "Somebody signed in to your account from a device or network that was not used for it before:",
     "{where}, {when}",
     "If that was you, there is nothing to do. If not, end that session in the settings, and look who can "
     "read "
     "your mail.",
     "Open the settings"},
    {"Bagong pag-sign in sa BrainBytes account mo",
     "May nag-sign in sa account mo mula sa device o network na hindi pa nito nagagamit:", "{where}, {when}",
     "Kung ikaw iyon, wala kang gagawin. Kung hindi, i-sign out iyon sa settings, at tingnan kung sino ang "
     "nakakabasa ng mail mo.",
     "Buksan ang settings"}};

constexpr Both address_asked = {
    {"Your BrainBytes address is about to change",
     "Somebody who is signed in to your account asked to move it to another address.", "{when}",
     "If that was you, there is nothing to do here. If not, sign out everywhere else in the settings: "
     "nothing "
     "has changed yet.",
     "Open the settings"},
    {"Malapit nang mapalitan ang address mo sa BrainBytes",
     "May naka-sign in sa account mo na humiling na ilipat ito sa ibang address.", "{when}",
     "Kung ikaw iyon, wala kang gagawin dito. Kung hindi, mag-sign out sa lahat ng iba sa settings: wala "
     "pang "
     "nagbabago.",
     "Buksan ang settings"}};

constexpr Both address_changed = {
    {"Your BrainBytes address was changed",
     "Your account belongs to another address now. Sign-in codes for it no longer come here.", "{when}",
     "If that was not you, tell your administrator at once, and forward this mail: they can suspend the "
     "account "
     "and give it back to you.",
     "Open BrainBytes"},
    {"Napalitan ang address mo sa BrainBytes",
     "Ibang address na ang may hawak ng account mo. Hindi na rito darating ang mga sign-in code.", "{when}",
     "Kung hindi ikaw iyon, sabihan agad ang iyong administrator at i-forward ang mail na ito: kaya nilang "
     "suspindihin ang account at ibalik sa iyo.",
     "Buksan ang BrainBytes"}};

constexpr Both archive_ready = {
    {"The archive of your BrainBytes data is ready",
     "All your chats, texts and files are in one ZIP file. It can be downloaded until:", "{when}",
     "You need not hurry: another one can be made at any time. If you did not ask for it, sign out "
     "everywhere else in the settings.",
     "Get the archive"},
    {"Handa na ang archive ng datos mo sa BrainBytes",
     "Nasa isang ZIP file na ang lahat ng usapan, teksto at file mo. Maida-download ito hanggang:", "{when}",
     "Hindi kailangang magmadali: makakagawa ng bago anumang oras. Kung hindi mo ito hiningi, mag-sign out "
     "sa lahat ng iba sa settings.",
     "Kunin ang archive"}};

constexpr Both weekly = {{"Your week in BrainBytes", "This is what you did in the last seven days:",
                          "New chats: {chats}. Questions: {questions}. New materials: {materials}.",
                          "Keep going!", "Open BrainBytes"},
                         {"Ang linggo mo sa BrainBytes", "Ito ang nagawa mo sa nakaraang pitong araw:",
                          "Bagong usapan: {chats}. Mga tanong: {questions}. Bagong aralin: {materials}.",
                          "Ituloy mo lang!", "Buksan ang BrainBytes"}};

constexpr Words address_code[2] = {
    {"{code} confirms your new BrainBytes address",
     "Type this code in the settings of BrainBytes to make this the address of your account:", "{code}",
     "It works once, for 10 minutes. You did not ask for this? Then do nothing; nothing changes without it.",
     ""},
    {"{code} ang magpapatibay sa bago mong address sa BrainBytes",
     "I-type ang code na ito sa settings ng BrainBytes para ito ang maging address ng account mo:", "{code}",
     "Minsan lang ito magagamit, sa loob ng 10 minuto. Hindi mo ito hiningi? Huwag pansinin; walang "
     "magbabago "
     "kung wala ito.",
     ""}};

constexpr std::string_view no_more[2] = {"No more mails like this:", "Ayaw mo na ng ganitong mail:"};
constexpr std::string_view no_more_link[2] = {"Unsubscribe", "Itigil"};

// Inline styles alone: mail readers drop everything else.
constexpr std::string_view html_head =
    "<!doctype html>\n<html lang=\"{language}\">\n"
    "<head><meta charset=\"utf-8\"><title>{subject}</title></head>\n"
    "<body style=\"font-family:sans-serif;color:#2b2622\">\n"
    "<p>{intro}</p>\n<p style=\"font-size:18px\"><b>{detail}</b></p>\n<p>{advice}</p>\n";
constexpr std::string_view html_button = "<p><a href=\"{link}\" style=\"color:#a8452a\">{button}</a></p>\n";
constexpr std::string_view html_unsubscribe =
    "<p style=\"font-size:12px\">{no_more} <a href=\"{page}\" style=\"color:#a8452a\">{label}</a></p>\n";
constexpr std::string_view html_end = "</body>\n</html>\n";

/// `detail` and `subject` are filled in already.
Message laid_out(const NoticeHead& head, const Words& words, std::string subject, const std::string& detail) {
    const int which = head.language == "fil" ? 1 : 0;
    Message message{head.to, std::move(subject), "", ""};
    message.text = fill("{intro}\n\n    {detail}\n\n{advice}\n",
                        {{"intro", words.intro}, {"detail", detail}, {"advice", words.advice}});
    message.html = fill(html_head, {{"language", which == 1 ? "fil" : "en"},
                                    {"subject", message.subject},
                                    {"intro", words.intro},
                                    {"detail", escape_html(detail)},
                                    {"advice", words.advice}});
    if (!head.link.empty()) {
        message.text += "\n" + head.link + "\n";
        message.html += fill(html_button, {{"link", escape_html(head.link)}, {"button", words.button}});
    }
    if (!head.unsubscribe_page.empty()) {
        message.text +=
            fill("\n{no_more} {page}\n", {{"no_more", no_more[which]}, {"page", head.unsubscribe_page}});
        message.html += fill(html_unsubscribe, {{"no_more", no_more[which]},
                                                {"page", escape_html(head.unsubscribe_page)},
                                                {"label", no_more_link[which]}});
        message.unsubscribe = head.unsubscribe_post;
    }
    message.html += html_end;
    return message;
}

Message made(const NoticeHead& head, const Both& both, Values values) {
    const Words& words = both[head.language == "fil" ? 1 : 0];
    return laid_out(head, words, fill(words.subject, values), fill(words.detail, values));
}

}  // namespace

Message new_device_message(const NoticeHead& head, const std::string& where, const std::string& when) {
    return made(head, new_device, {{"where", where}, {"when", when}});
}

Message address_asked_message(const NoticeHead& head, const std::string& when) {
    return made(head, address_asked, {{"when", when}});
}

Message address_changed_message(const NoticeHead& head, const std::string& when) {
    return made(head, address_changed, {{"when", when}});
}

Message archive_ready_message(const NoticeHead& head, const std::string& when) {
    return made(head, archive_ready, {{"when", when}});
}

Message weekly_message(const NoticeHead& head, const Week& week) {
    return made(head, weekly,
                {{"chats", week.chats}, {"questions", week.questions}, {"materials", week.materials}});
}

Message address_code_message(const std::string& to, const std::string& language, const std::string& code) {
    return made({to, language, "", "", ""}, address_code, {{"code", code}});
}

}  // namespace bb::mail
