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
    std::string lock;     ///< id of the lock that is in force; empty: none
    std::string fault;    ///< why nothing can be done there; a bare host has none
};

/// Does the same for several hosts at once, whatever becomes of the others; throws std::runtime_error with
/// what they threw.
void at_once(const std::vector<std::string>& hosts, const std::function<void(const std::string&)>& work);

HostState look_at_host(const Stage& stage, const std::string& name);
/// How a host stands once it can be reached and nothing is under way there any more. Throws
/// std::runtime_error when that takes too long.
HostState settled_host(const Stage& stage, const std::string& name);
/// What serves where, asked of all hosts at once.
std::vector<HostState> look_at(const Stage& stage);

/// The id of a lock that this process holds: whoever finds it can tell whether its holder lives.
std::string new_lock_id();
/// Whether a host is locked by a process of this machine that has ended.
bool is_left_behind(const HostState& state);
/// Keeps others from changing the release of a host, and looks at it then. A lock that was left behind is
/// taken over, which is said. Throws std::runtime_error when somebody else holds it, or there is a fault.
HostState lock_host(const Stage& stage, const std::string& name, const std::string& id,
                    const std::string& reason, const std::function<void(const std::string&)>& say);

/// Throws std::runtime_error with every fault.
void must_be_well(const std::vector<HostState>& states);
/// Whether they have different releases.
bool is_mixed(const std::vector<HostState>& states);
/// To which release all hosts go back, or all that do not have it already, as a deployment that was broken
/// off never came to them. `broken_off`: its release, where it is known. Throws std::runtime_error when there
/// is no such one, or several.
std::string common_way_back(const std::vector<HostState>& states, const std::string& broken_off);

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
