#pragma once
#include <string>

#include "operations/verify/report.hpp"

namespace bb::verify {

/// What is asked of an installation without a session.
struct Outside {
    std::string url;         ///< without a slash at its end
    std::string release;     ///< whose commit the server must name; empty: any
    std::string ca_file;     ///< authorities to trust besides; empty: those of the system
    std::string token = {};  ///< METRICS_TOKEN; empty: of this machine alone metrics can be asked
};

/// Days before the end of a certificate from which on that is a fault.
inline constexpr int least_certificate_days = 14;

/// Name and certificate, then health, release, headers. Where the first two fail nothing else can be asked
/// there: those are skipped, and it gives false.
bool look_from_outside(Report& report, const Outside& outside);

/// Whether /api/metrics answers: others than this machine need a token.
std::string metrics_at(const Outside& local);

/// The days left to the certificate of "https://HOST[:PORT]", which must be trusted here. Throws
/// std::runtime_error, after ten seconds at the latest.
int certificate_days(const Outside& outside);

}  // namespace bb::verify
