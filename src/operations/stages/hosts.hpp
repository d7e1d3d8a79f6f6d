#pragma once
#include <functional>
#include <string>
#include <vector>

#include "operations/stages/stage_file.hpp"

namespace bb::stages {

/// A host, as it was found.
struct HostState {
    std::string host;
    std::string kept;     ///< release that a restart runs
    std::string serving;  ///< release that answers now; empty: none
    std::string before;   ///< to which "rollback" goes; empty: none
    bool bare = false;    ///< there is no BrainBytes
    bool asleep = false;  ///< it is there, and no supervisor answers
    bool trial = false;   ///< a change is under way
    std::string fault;    ///< why nothing can be done there; a bare host has none
};

/// Does the same for several hosts at once, whatever becomes of the others; throws std::runtime_error with
/// what they threw.
void at_once(const std::vector<std::string>& hosts, const std::function<void(const std::string&)>& work);

HostState look_at_host(const Stage& stage, const std::string& name);
/// What serves where, asked of all hosts at once.
std::vector<HostState> look_at(const Stage& stage);

/// Keeps others from changing the release of a host, and looks at it then. Throws std::runtime_error when
/// somebody else does, or there is a fault.
HostState lock_host(const Stage& stage, const std::string& name, const std::string& id,
                    const std::string& reason);

/// Throws std::runtime_error with every fault.
void must_be_well(const std::vector<HostState>& states);
/// To which release all hosts go back. Throws std::runtime_error when it is not the same.
std::string common_way_back(const std::vector<HostState>& states);

/// Which of the stage's secrets a host lacks, as a sentence; empty: none.
std::string missing_secrets(const Stage& stage, const std::string& host);

/// Keeps others from changing the release of a stage for a while, on all hosts or on none; gives the id that
/// ends it. `wanted`: that id; empty: a new one. `owner`: empty: this account and host.
std::string hold(const Stage& stage, const std::string& wanted, const std::string& owner,
                 const std::string& reason, int minutes);
/// Ends the hold of this id, or any if it is empty, in the name of `who`; a line for each host: HOST, a tab,
/// what was ended.
std::vector<std::string> let_go(const Stage& stage, const std::string& id, const std::string& who);

}  // namespace bb::stages
