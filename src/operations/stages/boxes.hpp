#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "operations/stages/checklist.hpp"
#include "operations/verify/report.hpp"

namespace bb::stages {

/// What decides a box.
struct BoxKind {
    const char* name;
    const char* words;  ///< of the plan
    std::function<std::string(const Evidence&)>
        look;                    ///< gives the evidence or throws; nothing: a person signs it
    bool may_be_signed = false;  ///< where there is no such evidence, too
};

/// Where deploy/aws is, unless it is told otherwise.
inline constexpr const char* primary_region = "us-east-1";

/// What a tool of this machine prints, without white space around it. Throws std::runtime_error when it
/// fails.
std::string tool(std::vector<std::string> command);

/// Of all phases; nullopt: there is none of this name.
std::optional<BoxKind> box_named(const std::string& name);

/// What there must be before the first deployment: accounts, names, services, tools, repository.
std::vector<BoxKind> boxes_of_setup();

/// Throws std::runtime_error when there are none: what nobody was asked is not met.
const std::vector<std::string>& hosts_of(const Evidence& evidence);

/// A record that scripts/evidence wrote as NAME.json: passed, of the release's commit if `same_commit`, no
/// older than `longest` if that is above 0. Throws std::runtime_error with what is missing, and `how` to get
/// it.
std::string recorded(const Evidence& evidence, const char* name, const char* how, bool same_commit,
                     std::chrono::seconds longest);

/// The newest report of "verify --stage" that was made at `since` or later. Throws std::runtime_error.
std::vector<verify::Probe> newest_report(const Evidence& evidence, const std::string& since);

}  // namespace bb::stages
