#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "operations/deploy/deployment.hpp"
#include "operations/stages/stage_file.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): theirs
class App;
class Option;
}  // namespace CLI

namespace bb::cli {

/// What was typed behind "deploy" or "rollback".
struct DeployWords {
    std::string stage;             ///< --stage
    std::string what;              ///< archive, or the name of a kept release; the tag of an image
    std::string target = "hosts";  ///< or "aws"
    std::string to;
    std::string trust;                          ///< public key for hosts that have nothing yet
    std::string lock;                           ///< the id of a lock that does not hold us up
    std::vector<const CLI::Option*> of_a_host;  ///< options that do not go with a stage
    std::vector<std::string> waive;             ///< "BOX=REASON", of the checklist before a deployment
    std::vector<std::string> hooks;             ///< "NAME=COMMAND"
    std::string key;                            ///< file that opens backups
    std::string owner, reason;                  ///< of a new lock
    deploy::Limits limits;
    int minutes = 60;
    int accepted_minutes = -1;  ///< of work that a rollback may lose; below 0: none
    int bake = 120;
    int drain = 600;
    int lines = 50;
    bool no_backup = false;
    bool no_verify = false;
    bool older = false;
    bool attended = false;
    bool by_deployment = false;  ///< typed by the deployment of a stage, which keeps its own account of it
    bool together = false;
    bool dry_run = false;
    bool json = false;
};

/// Whether the release runs on the database, or may be made to: then what that takes is in the plan. Says
/// what is lost, and what speaks against it.
bool fits_schema(Context& context, deploy::DeployPlan& plan, const DeployWords& words);

/// How long and by what a release is watched; hooks of one host; hosts or another target.
void add_watching(CLI::App& to, DeployWords& words);
void add_hooks(CLI::App& to, DeployWords& words);
void add_target(CLI::App& to, DeployWords& words);
/// All options of "rollback".
void add_going_back(CLI::App& to, DeployWords& words);

/// Whether the stage has hosts in brainbytes.toml of this folder: then it is worked on over ssh, and not
/// here. Throws std::runtime_error when the stage is on AWS, where neither can be.
bool is_remote(const DeployWords& words);

/// Whether the stage is on AWS, by brainbytes.toml of this folder. Throws std::runtime_error when --target
/// says so and the file does not: other commands would take this machine for the stage.
bool is_on_aws(const DeployWords& words);

/// Runs a command on the first host of the stage in this folder's brainbytes.toml, when the stage has hosts;
/// nothing otherwise: it is for this machine. For what all hosts have in common, in one database.
std::optional<int> on_first_host(Context& context, const Chosen& chosen);

/// A stage of brainbytes.toml in this folder. Throws std::runtime_error with every fault of the file.
stages::Stage stage_of(const std::string& name);

/// The same as the commands of that name, for every host of the stage.
int deploy_stage(Context& context, const DeployWords& words);
int roll_back_stage(Context& context, const DeployWords& words);
int stage_status(Context& context, const DeployWords& words);
int stage_history(Context& context, const DeployWords& words);

/// Keep others from changing the release, of this host or of a stage; both are in the ledger and, where
/// something serves, in the audit log.
int take_lock(Context& context, const DeployWords& words);
int give_up_lock(Context& context, const DeployWords& words);

/// Adds an entry about a release (empty: about none) to the audit log of what the supervisor here serves.
/// That it could not is told.
void note_in_audit(Context& context, const std::string& text, const std::string& release);

/// The same for the service that deploy/aws has made: `words.what` is the tag of an image that was pushed.
int deploy_on_aws(Context& context, const DeployWords& words);
int roll_back_on_aws(Context& context, const DeployWords& words);
int status_on_aws(Context& context, const DeployWords& words);

/// The release that HEAD of this clone makes.
std::string release_of_head();

/// Keeps the report of a look in "verifications" of the data folder: what was true on a day is asked for
/// later. That it cannot is told, and changes no verdict.
void keep_report(Context& context, const std::string& text, const std::string& target, bool tell);

/// The ledger of a stage, where deployments begin.
std::string stage_ledger(const Context& context, const std::string& stage);

/// Prints the newest `words.lines` steps of a ledger.
void print_history(Context& context, const DeployWords& words, const std::string& ledger);

/// Files of a data folder that was given to an account are made as that one, also by root.
void act_as_owner(const Context& context);
/// The same before something is written that may be the first in the data folder.
void write_as_owner(const Context& context);

}  // namespace bb::cli
