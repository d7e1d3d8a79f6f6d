#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/core/time.hpp"
#include "base/http/request.hpp"
#include "base/http/response.hpp"

namespace bb::app {

/// Why people are asked to come back later. In the file `maintenance.json` of the data: it holds for every
/// server on them, and over a restart.
struct Maintenance {
    std::string reason;         ///< for people; may be empty
    std::optional<Time> until;  ///< when it is expected to be over

    bool operator==(const Maintenance&) const = default;
};

/// Nothing: the doors are open. Throws std::runtime_error when the file cannot be read.
std::optional<Maintenance> maintenance_of(const std::filesystem::path& data);
/// Throws std::system_error and std::filesystem::filesystem_error, as end_maintenance() does.
void begin_maintenance(const std::filesystem::path& data, const Maintenance& maintenance);
/// False: there was none.
bool end_maintenance(const std::filesystem::path& data);

/// What everybody gets meanwhile: 503 with Retry-After, as a page for browsers and as a problem for programs.
/// Nothing for probes, for files of the page, and for who asks on the host itself.
std::optional<http::Response> answer_in_maintenance(const Maintenance& maintenance,
                                                    const http::Request& request);

}  // namespace bb::app
