#pragma once
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "operations/verify/visit.hpp"

namespace bb::cli {

/// What another command of this program prints, with the options of this one; it may fail after it has
/// printed something. Throws std::runtime_error with its last words.
std::string output_of_own(const Context& context, std::vector<std::string> words, bool may_fail = false);

/// The session in what "user session EMAIL --json" prints. Throws std::runtime_error.
std::string cookie_in(const std::string& json);
/// A new session of somebody.
std::string session_of(const Context& context, const std::string& email);
/// A session of the student that looks at installations, who is made when there is none.
verify::Visit::To student_at(const Context& context, const std::string& url, const std::string& ca_file);

}  // namespace bb::cli
