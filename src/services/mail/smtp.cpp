#include <chrono>
#include <stdexcept>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "services/mail/sender.hpp"

namespace bb::mail {
namespace {

// A server that puts strangers off (greylisting) takes their letter some minutes later. The code in it is
// good for ten.
constexpr std::chrono::seconds pauses[] = {std::chrono::seconds(5), std::chrono::seconds(30),
                                           std::chrono::seconds(120), std::chrono::seconds(240)};
constexpr std::chrono::seconds longest_look{15};

Envelope envelope_of(const Message& message, const std::string& from) {
    return {from, message.id.empty() ? crypto::hex(crypto::random_bytes(16)) : message.id, now()};
}

}  // namespace

void Smtp::count(std::string_view outcome) {
    metrics_
        .counter("brainbytes_mails_total", "Mails by what the mail server did with them.",
                 {{"outcome", std::string(outcome)}})
        .add();
}

client::MailEnvelope Smtp::letter_of(const Message& message, const Envelope& envelope) const {
    client::MailEnvelope letter(url_, std::string(address_in(from_)), message.to, render(message, envelope));
    letter.request = message.request;
    return letter;
}

Task<Outcome> Smtp::try_once(Message message) {
    const Envelope envelope = envelope_of(message, from_);
    auto letter = letter_of(message, envelope);
    letter.deadline = longest_look;
    auto tried = co_await mailer_.send_mail(std::move(letter));
    count(tried.accepted ? "sent" : tried.permanent ? "refused" : "given_up");
    Outcome outcome{tried.accepted, tried.permanent, std::move(tried.detail), tried.recipient};
    if (outcome.delivered) outcome.detail = "The mail server took the mail.";
    co_return outcome;
}

Task<void> Smtp::send(Message message) {
    const Envelope envelope = envelope_of(message, from_);
    auto letter = letter_of(message, envelope);
    letter.pauses.assign(std::begin(pauses), std::end(pauses));
    const auto outcome = co_await mailer_.send_mail(std::move(letter));
    count(outcome.accepted ? "sent" : outcome.permanent ? "refused" : "given_up");
    if (!outcome.accepted) throw std::runtime_error("the mail server did not take a mail: " + outcome.detail);
    log::info("mail sent", {{"id", envelope.id}, {"request", message.request}});
}

}  // namespace bb::mail
