#pragma once
#include <string>

namespace bb::tutor {

/// Where this server runs, as its row in reply_nodes says it: servers of the same name see each other's
/// processes by their numbers. It names the machine, the process namespace (containers number their own) and
/// a random id kept in the data folder (file `home`, mode 0600), made on first use. Throws std::system_error.
std::string home_name(const std::string& data_folder);

}  // namespace bb::tutor
