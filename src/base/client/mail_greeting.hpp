#pragma once
#include <chrono>
#include <string>

namespace bb::client {

/// Connects to a mail server as a letter would (see MailEnvelope::smtp_url), signs in where the address has a
/// password, and leaves without a letter. Why none could be sent; empty: one could.
std::string greet_mail_server(const std::string& smtp_url, const std::string& ca_file,
                              std::chrono::milliseconds limit);

/// The same, and asks whether it would take a letter with this sender, and, unless `to` is empty, for this
/// person: the talk ends before a letter is begun. Why it would not; empty: it would.
std::string try_mail_server(const std::string& smtp_url, const std::string& ca_file,
                            std::chrono::milliseconds limit, const std::string& from, const std::string& to);

}  // namespace bb::client
