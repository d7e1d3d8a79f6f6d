#pragma once
#include <string>
#include <string_view>

namespace bb::app {

/// A text of the status page. There is no empty one, so that a word that a language lacks does not compile.
class StatusWord {
public:
    template <std::size_t size>
    constexpr StatusWord(const char (&text)[size]) : text_(text, size - 1) {}
    constexpr operator std::string_view() const { return text_; }

private:
    std::string_view text_;
};

/// Everything that the status page and its letter say. What is in {braces} is filled in.
struct StatusWords {
    StatusWord language;  // "en" or "fil"
    StatusWord title;
    // Parts of the service.
    StatusWord service, sign_in, tutor, backups;
    StatusWord works, trouble;
    // What stands at the top.
    StatusWord away, wrong, begun, well;
    StatusWord not_watched, share, share_watched;
    StatusWord incidents, no_incidents, over, looked_into;
    StatusWord as_of;
    // Subscribing.
    StatusWord hear, address, tell_me;
    StatusWord no_address, back;
    StatusWord look_into_mail, letter_asks;
    StatusWord letter_subject, letter_lead, letter_yes, letter_else;
    StatusWord confirm_title, confirm_words, confirm_button;
    StatusWord confirmed_title, confirmed_words;
    StatusWord end_title, end_words, end_button;
    StatusWord ended_title, ended_words;
    StatusWord wrong_link, whole_link;
    // The link of a message to those on duty.
    StatusWord hand_title, hand_words, hand_button;
    StatusWord yours, nobody_else, time_line;
    StatusWord not_yours, nothing_left;
};

/// The words of a language; "fil", else English.
const StatusWords& status_words(std::string_view language);

}  // namespace bb::app
