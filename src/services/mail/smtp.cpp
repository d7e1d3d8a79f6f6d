#include <stdexcept>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "services/mail/sender.hpp"

namespace bb::mail {

Task<void> Smtp::send(Message message) {
    const Envelope envelope{from_, crypto::hex(crypto::random_bytes(16)), now()};
    client::MailEnvelope letter(url_, std::string(address_in(from_)), message.to, render(message, envelope));
    const auto outcome = co_await mailer_.send_mail(std::move(letter));
    if (!outcome.accepted) throw std::runtime_error("the mail server did not take a mail: " + outcome.detail);
    log::info("mail sent", {{"id", envelope.id}});
}

}  // namespace bb::mail
