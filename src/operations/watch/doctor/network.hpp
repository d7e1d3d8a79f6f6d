#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/client/http_client.hpp"
#include "operations/watch/doctor/finding.hpp"
#include "operations/watch/doctor/subject.hpp"

namespace bb::watch {

/// The address on which this machine reaches what listens on `listen` ("*:3000" -> "127.0.0.1", "3000").
std::pair<std::string, std::string> reached_at(const std::string& listen);

/// Names of the security headers that an answer lacks, or has in a form that protects nothing.
std::vector<std::string> weak_headers(const client::Reply& reply, bool https);

/// Where the name of the public address leads.
void look_at_name(Findings& findings, const Subject& subject);
/// The certificate of BRAINBYTES_TLS_CERT and its key.
void look_at_certificate_file(Findings& findings, const Subject& subject);
/// The certificate of the public address, as people get it.
void look_at_served_certificate(Findings& findings, const Subject& subject);
/// Whether the server of this machine is ready.
void look_at_server(Findings& findings, const Subject& subject);
/// The security headers of a page, as people get it.
void look_at_headers(Findings& findings, const Subject& subject);

}  // namespace bb::watch
