#pragma once
#include <string>

#include "operations/verify/report.hpp"

namespace bb::verify {

/// What is asked of an installation without a session.
struct Outside {
    std::string url;      ///< without a slash at its end
    std::string release;  ///< whose commit the server must name; empty: any
};

/// Days before the end of a certificate from which on that is a fault.
inline constexpr int least_certificate_days = 14;

/// Health, release, headers, and for https name and certificate.
void look_from_outside(Report& report, const Outside& outside);

/// Whether /api/metrics answers; only asked from the machine itself.
std::string metrics_at(const std::string& url);

/// The days left to the certificate of "https://HOST[:PORT]", which must be trusted here. Throws
/// std::runtime_error.
int certificate_days(const std::string& url);

}  // namespace bb::verify
