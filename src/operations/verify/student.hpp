#pragma once
#include <filesystem>
#include <string>

#include "operations/verify/report.hpp"
#include "operations/verify/visit.hpp"

namespace bb::verify {

/// Looks at an installation as the student whose session `to` has does: every way in that is configured,
/// materials, upload, chat, completion. What it makes it deletes, and it ends the sessions. `outbox`: where
/// letters lie; empty: a mail server takes them, and no code can be read.
void look_as_student(Report& report, const Visit::To& to, const std::filesystem::path& outbox);

/// Sends a test letter to the administrator whose session `to` has, and ends it. Throws std::runtime_error.
std::string send_letter(const Visit::To& to);

}  // namespace bb::verify
