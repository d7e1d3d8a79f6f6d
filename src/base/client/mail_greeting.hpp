#pragma once
#include <chrono>
#include <string>

namespace bb::client {

/// Connects to a mail server as a letter would (see MailEnvelope::smtp_url), signs in where the address has a
/// password, and leaves without a letter. Why none could be sent; empty: one could.
std::string greet_mail_server(const std::string& smtp_url, const std::string& ca_file,
                              std::chrono::milliseconds limit);

}  // namespace bb::client
