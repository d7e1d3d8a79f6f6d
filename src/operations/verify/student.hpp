#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "operations/verify/report.hpp"

namespace bb::verify {

/// Who looks at an installation as a student does.
struct Student {
    std::string url;               ///< of the server, without a slash at its end
    std::string cookie;            ///< of a session
    std::string email;             ///< whose
    std::filesystem::path outbox;  ///< where letters lie when there is no mail server
};

/// The address of the student that is made for this; ".invalid" has no mail (RFC 2606).
inline constexpr const char* student_email = "smoke-test@brainbytes.invalid";

/// Every way in that is configured, materials, upload, chat, completion. What it makes it deletes.
void look_as_student(Report& report, const Student& student);

/// Sends a test letter as the administrator whose session this is. Throws std::runtime_error.
std::string send_letter(const std::string& url, const std::string& cookie);

}  // namespace bb::verify
