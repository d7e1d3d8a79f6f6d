#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/core/task.hpp"
#include "base/net/pool.hpp"

namespace bb::client {

/// A letter and the server that takes it.
struct MailEnvelope {
    /// smtps://user:password@host:465 or smtp://user:password@host:587 (user and password percent-encoded,
    /// optional). See must_encrypt().
    std::string smtp_url;
    std::string from;  // address alone, without name or brackets
    std::string to;
    std::string data;                                 // the message of RFC 5322; line ends are made CRLF
    std::chrono::milliseconds deadline{30'000};       // of one try
    std::vector<std::chrono::milliseconds> pauses{};  // before each further try, while none was for good
    std::string request{};                            // id of the one it is sent for, for the log

    MailEnvelope(std::string smtp_url, std::string from, std::string to, std::string data)
        : smtp_url(std::move(smtp_url)), from(std::move(from)), to(std::move(to)), data(std::move(data)) {}
};

struct MailOutcome {
    bool accepted = false;
    bool permanent = false;  // refused for good (5xx, bad address): sending again is pointless
    bool recipient = false;  // it was the address that was refused for good, not the sender or the letter
    std::string detail;      // for the operator's log: no address, no text of the letter
};

/// True when mail goes there over TLS or not at all: with smtp:// the connection must turn to TLS (STARTTLS)
/// before anything is said, unless the server is on this machine and wants no password.
bool must_encrypt(const std::string& smtp_url);

/// Hands letters to a mail server. The goodbye of SMTP blocks inside libcurl, so letters leave on two threads
/// of their own and no event loop waits. One object per process; `send_mail` may be awaited on any loop.
class Mailer {
public:
    /// `ca_file`: PEM file with the authorities whose certificates are believed; none: the system's.
    explicit Mailer(std::string ca_file = {});
    ~Mailer() { finish(); }
    Mailer(const Mailer&) = delete;

    /// Tries once, and again after each pause of the letter until it is taken or refused for good. At most
    /// 256 letters wait for another try; what is more gets none. Never throws for what the mail server does;
    /// a full queue is an outcome too.
    Task<MailOutcome> send_mail(MailEnvelope envelope);
    /// Letters that were handed in and have no outcome yet.
    int under_way() const { return under_way_; }
    /// From now on nothing waits: a letter that does gets a last try at once. For a server that is to stop.
    void hurry() { hurried_ = true; }
    /// Gives up the letters under way and ends the threads. The loops that sent them must be there, but not
    /// run.
    void finish();

private:
    Task<MailOutcome> try_once(MailEnvelope envelope);
    /// False, at once, when too many wait already.
    Task<bool> wait(std::chrono::milliseconds pause);

    std::atomic<int> under_way_{0};
    std::atomic<int> waiting_{0};
    std::atomic<bool> hurried_{false};
    std::string ca_file_;
    std::shared_ptr<std::atomic<bool>> stopping_;
    net::BlockingPool pool_;
};

}  // namespace bb::client
