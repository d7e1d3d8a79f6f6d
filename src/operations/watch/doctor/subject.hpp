#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/config/config.hpp"
#include "base/db/found_home.hpp"

namespace bb::watch {

/// The installation that is looked at.
struct Subject {
    config::Config config;
    std::filesystem::path folder;  ///< that holds the .env files
    db::FoundHome home;
    std::vector<FieldError> faults{};  ///< of the configuration
    std::chrono::seconds long_transaction{300};
};

/// Options with what is wrong in them.
struct Options {
    config::Config config;
    std::vector<FieldError> faults;
};

/// The options whatever is wrong with them: those that are have their default.
Options options_despite_faults(config::Environment environment, const std::string& folder);

/// A process as the system knows it.
struct ProcessOptions {
    config::Environment environment;
    std::filesystem::path folder;  ///< in which it works
};

/// The environment and folder with which a process was started; nothing: this account may not see them.
std::optional<ProcessOptions> options_of_process(int pid);

/// What starts the server on this machine, as it is typed; also "restart", "reload".
std::string service_command(const char* verb);

/// Runs a statement on the database of this installation, as it is typed; holds no password.
std::string sql_command(const Subject& subject, const std::string& sql);

}  // namespace bb::watch
