#pragma once
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "operations/deploy/hooks.hpp"
#include "operations/deploy/traffic.hpp"

namespace bb::stages {

/// The name of the file that describes the stages.
inline constexpr const char* stage_file_name = "brainbytes.toml";

/// One installation: where it runs, and how a release comes into service there.
struct Stage {
    std::string name;                ///< "dev", "staging" or "production"
    std::string domain;              ///< what people type; empty: none
    bool on_aws = false;             ///< the service that deploy/aws has made; it has no hosts
    std::vector<std::string> hosts;  ///< as ssh takes them: "HOST" or "ACCOUNT@HOST"
    std::string ssh_config;          ///< a file for ssh -F; empty: that of the account
    std::string program = "/usr/local/bin/brainbytes";
    std::string data = "/var/lib/brainbytes";
    std::map<std::string, std::string> environment;  ///< options, written into .env.STAGE on the hosts
    std::vector<std::string> secrets;                ///< names that every host must have
    std::string mail_as;              ///< administrator who gets a letter by "verify"; empty: none
    int batch = 1;                    ///< hosts at a time
    std::chrono::seconds drain{600};  ///< how long replies may take to end
    std::chrono::seconds bake{120};
    std::size_t keep = 5;  ///< releases that a host keeps
    deploy::Limits limits;
    std::string contacts;  ///< who is told of incidents: the other sections of the file, as TOML
    deploy::Hooks hooks;   ///< around the steps of the stage and of its hosts

    std::string url() const;
};

/// Checks everything and gives the stages by name. Errors: malformed or invalid_input, with a FieldError for
/// each fault: "FILE:LINE" as pointer.
Result<std::map<std::string, Stage>> parse_stages(std::string_view text, const std::string& file);

/// Reads the file of a folder. Errors: as parse_stages(), not_found.
Result<std::map<std::string, Stage>> read_stages(const std::filesystem::path& folder);

}  // namespace bb::stages
