#pragma once
#include <string>
#include <string_view>
#include <utility>

#include "base/client/mailer.hpp"
#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/net/pool.hpp"
#include "services/mail/message.hpp"

namespace bb::mail {

/// What became of a mail that was tried once.
struct Outcome {
    bool delivered = false;
    bool permanent = false;  // refused for good: no use to try again
    std::string detail;      // in words: where the mail is, or what the mail server said
    bool recipient = false;  // it was the address that was refused for good
};

/// Takes mails out of the house.
class Sender {
public:
    virtual ~Sender() = default;
    /// Sends one mail. Throws std::runtime_error when it cannot be handed on.
    virtual Task<void> send(Message message) = 0;
    /// Tries once, within seconds, and says what came of it: for a person who waits and looks.
    virtual Task<Outcome> try_once(Message message) = 0;
    /// "smtp" or "outbox": what the sign-in page tells the person to look at.
    virtual std::string_view delivery() const = 0;
};

/// Without a mail server: each mail becomes a file `<time>-<id>.eml` that only the server's account can read.
class Outbox : public Sender {
public:
    /// `folder` is made when the first mail is written.
    Outbox(net::BlockingPool& pool, std::string folder, std::string from)
        : pool_(pool), folder_(std::move(folder)), from_(std::move(from)) {}

    Task<void> send(Message message) override;
    Task<Outcome> try_once(Message message) override;
    std::string_view delivery() const override { return "outbox"; }

private:
    net::BlockingPool& pool_;
    std::string folder_;
    std::string from_;
};

/// Hands mails to the server at SMTP_URL, for some minutes if it puts them off, and counts what becomes of
/// them.
class Smtp : public Sender {
public:
    Smtp(client::Mailer& mailer, metrics::Registry& metrics, std::string url, std::string from)
        : mailer_(mailer), metrics_(metrics), url_(std::move(url)), from_(std::move(from)) {}

    Task<void> send(Message message) override;
    Task<Outcome> try_once(Message message) override;
    std::string_view delivery() const override { return "smtp"; }

private:
    client::MailEnvelope letter_of(const Message& message, const Envelope& envelope) const;
    void count(std::string_view outcome);

    client::Mailer& mailer_;
    metrics::Registry& metrics_;
    std::string url_;
    std::string from_;
};

/// Writes one mail into `folder` and returns the path. The file appears whole or not at all.
/// Throws std::system_error.
std::string write_to_outbox(const std::string& folder, const Message& message, const std::string& from);

}  // namespace bb::mail
