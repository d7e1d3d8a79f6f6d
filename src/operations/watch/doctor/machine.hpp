#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operations/watch/doctor/finding.hpp"
#include "operations/watch/doctor/subject.hpp"

namespace bb::watch {

/// A place whose room is looked at.
struct Disk {
    std::vector<std::string> uses;  ///< "data", "backups", "database"
    std::filesystem::path folder;
};

/// How much is left of something.
struct Room {
    std::uint64_t free = 0;
    std::uint64_t all = 0;

    double share() const { return all == 0 ? 1 : static_cast<double>(free) / static_cast<double>(all); }
};

/// What is left, as a standing: below 15 % warns, below 5 % fails.
Standing standing_of(const Room& room);

/// "12.3 GB", "840 MB".
std::string size_text(std::uint64_t bytes);

/// Kibibytes behind a name in the text of /proc/meminfo; nothing: it is not there.
std::optional<std::uint64_t> kib_in(std::string_view meminfo, std::string_view name);

/// The first number behind "Max open files" in the text of /proc/PID/limits; nothing: unlimited, or none.
std::optional<std::uint64_t> open_files_in(std::string_view limits);

void look_at_clock(Findings& findings);
void look_at_disk(Findings& findings, const Disk& disk);
void look_at_memory(Findings& findings, const Subject& subject);
void look_at_file_limit(Findings& findings, const Subject& subject);
void look_at_kernel(Findings& findings);

}  // namespace bb::watch
