#pragma once
#include <chrono>
#include <filesystem>
#include <string>

#include "operations/watch/doctor/finding.hpp"

namespace bb::watch {

/// Days before the end of a certificate from which on it is a warning, and a failure.
inline constexpr int few_days = 21, too_few_days = 3;

/// A certificate with its chain.
struct Certificate {
    int days = 0;  ///< left to the first of the chain that ends; below 0: it has ended
    bool names_host = false;
    std::string names;     ///< that it is for
    std::string distrust;  ///< why the authorities of this machine do not vouch for it; empty: they do
};

/// Where a server is that speaks TLS.
struct TlsHost {
    std::string host;  ///< without brackets; asked for by name
    std::string port;
    std::string ca_file;  ///< authorities besides the system's; may be empty
};

/// Host and port of an address that begins with https://.
TlsHost tls_host_of(const std::string& url, const std::string& ca_file);

/// The one in a PEM file, looked at as for `host`. Throws std::runtime_error.
Certificate certificate_in(const std::filesystem::path& file, const TlsHost& host);

/// Whether the key in a PEM file belongs to the certificate in another one. Throws std::runtime_error.
bool belongs_to(const std::filesystem::path& key, const std::filesystem::path& certificate);

/// The one that a server shows. Throws std::runtime_error, after `limit` at the latest once its name is
/// known.
Certificate certificate_served(const TlsHost& host, std::chrono::milliseconds limit);

/// Says how it stands under `name`. `renew`: what to do about its end or its names.
void judge(Findings& findings, const std::string& name, const Certificate& certificate, const TlsHost& host,
           const std::string& renew);

}  // namespace bb::watch
