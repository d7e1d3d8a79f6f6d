#pragma once
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/core/task.hpp"

namespace bb::db {

/// Keywords of a connection and their values, as libpq takes them.
using ConnectionSettings = std::vector<std::pair<std::string, std::string>>;

/// What a URL or keyword string says. Throws Unavailable with libpq's reason.
ConnectionSettings settings_of(const std::string& conninfo);
/// The host names in `settings` that must be looked up: no addresses, no folders of unix sockets; none when
/// the addresses are given already.
std::vector<std::string> names_in(const ConnectionSettings& settings);
/// The same, with each known host as often as it has addresses, in hostaddr. A name without any is left out.
ConnectionSettings with_addresses(ConnectionSettings settings,
                                  const std::map<std::string, std::vector<std::string>>& known);

/// The settings in `conninfo` with its host names looked up, so that libpq, which would block on that, need
/// not; the names stay, for TLS. Throws Unavailable when none is found, or not before `deadline`.
Task<ConnectionSettings> resolve(Executor executor, std::string conninfo,
                                 std::chrono::steady_clock::time_point deadline);

}  // namespace bb::db
