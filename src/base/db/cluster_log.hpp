#pragma once
#include <filesystem>
#include <string>

namespace bb::db {

/// Keeps PostgreSQL's log small: beyond 4 MiB its last MiB is kept as <file>.1 and the file begins anew.
/// PostgreSQL may go on writing meanwhile (it appends); a line written in that moment may be lost.
void bound_log(const std::filesystem::path& file);
/// The last lines, for a message.
std::string end_of_log(const std::filesystem::path& file);

}  // namespace bb::db
