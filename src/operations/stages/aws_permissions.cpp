#include "operations/stages/aws_permissions.hpp"

#include <fmt/args.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

#include "operations/stages/boxes.hpp"

namespace bb::stages {
namespace {

/// What is allowed together, as deploy/aws/pipeline.tf says it.
struct Grant {
    std::vector<const char*> actions;
    std::vector<const char*> resources = {};  ///< nothing: the actions know none
    const char* condition = nullptr;
    const char* value = nullptr;
};

const std::vector<Grant>& grants() {
    static const std::vector<Grant> all = {
        {{"cloudwatch:GetMetricData", "ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition",
          "ecs:RegisterTaskDefinition", "elasticloadbalancing:DescribeTargetGroups"}},
        {{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
          "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage",
          "ecr:UploadLayerPart"},
         {"arn:aws:ecr:{region}:{account}:repository/{name}"}},
        {{"ecs:DescribeServices", "ecs:UpdateService"},
         {"arn:aws:ecs:{region}:{account}:service/{name}/{name}"}},
        {{"ecs:RunTask"},
         {"arn:aws:ecs:{region}:{account}:task-definition/{name}:1"},
         "ecs:cluster",
         "arn:aws:ecs:{region}:{account}:cluster/{name}"},
        {{"ecs:DescribeTasks"}, {"arn:aws:ecs:{region}:{account}:task/{name}/1"}},
        {{"iam:PassRole"},
         {"arn:aws:iam::{account}:role/{name}-{region}-task",
          "arn:aws:iam::{account}:role/{name}-{region}-execution"},
         "iam:PassedToService",
         "ecs-tasks.amazonaws.com"},
        {{"ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"},
         {"arn:aws:ssm:{region}:{account}:parameter/brainbytes/{stage}/deploy-lock"}},
        {{"logs:GetLogEvents"}, {"arn:aws:logs:{region}:{account}:log-group:/brainbytes/{stage}:1"}},
    };
    return all;
}

std::string account_of(const std::string& arn) {
    const auto from = arn.find("::");
    if (from == std::string::npos) throw std::runtime_error(arn + " is no ARN of an account");
    return arn.substr(from + 2, 12);
}

/// "arn:aws:sts::1:assumed-role/NAME/SESSION" is of the role, whose policies are asked for.
std::string policy_source(const std::string& arn) {
    const auto mark = arn.find(":assumed-role/");
    if (mark == std::string::npos) return arn;
    const auto name = arn.substr(mark + 14, arn.rfind('/') - mark - 14);
    return fmt::format("arn:aws:iam::{}:role/{}", account_of(arn), name);
}

std::string denied(const std::string& who, const Grant& grant, const std::string& resource,
                   const std::string& value) {
    std::vector<std::string> command = {"aws", "iam", "simulate-principal-policy"};
    command.insert(command.end(), {"--policy-source-arn", who, "--query",
                                   "EvaluationResults[?EvalDecision!='allowed'].EvalActionName", "--output",
                                   "text", "--action-names"});
    command.insert(command.end(), grant.actions.begin(), grant.actions.end());
    if (!resource.empty()) command.insert(command.end(), {"--resource-arns", resource});
    if (grant.condition)
        command.insert(
            command.end(),
            {"--context-entries", fmt::format("ContextKeyName={},ContextKeyType=string,ContextKeyValues={}",
                                              grant.condition, value)});
    const auto names = tool(std::move(command));
    return names == "None" ? std::string() : names;
}

}  // namespace

std::string aws_identity() {
    return tool({"aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"});
}

std::string aws_release_role(const std::string& stage) {
    const auto name = fmt::format("brainbytes-{}-{}-release", stage, primary_region);
    return tool({"aws", "iam", "get-role", "--role-name", name, "--query", "Role.Arn", "--output", "text"});
}

std::string aws_permissions(const std::string& stage) {
    const auto caller = aws_identity();
    std::string who;
    try {
        who = aws_release_role(stage);
    } catch (const std::exception&) {
        who = policy_source(caller);
    }
    const auto filled = [&](const char* pattern) {
        return fmt::format(fmt::runtime(pattern), fmt::arg("region", primary_region),
                           fmt::arg("account", account_of(caller)), fmt::arg("stage", stage),
                           fmt::arg("name", "brainbytes-" + stage));
    };
    std::string faults;
    std::size_t actions = 0;
    for (const auto& grant : grants()) {
        actions += grant.actions.size();
        auto resources = grant.resources;
        if (resources.empty()) resources.push_back("");
        for (const auto* resource : resources) {
            const auto on = filled(resource);
            const auto names = denied(who, grant, on, grant.value ? filled(grant.value) : std::string());
            if (names.empty()) continue;
            faults += fmt::format("{}{}{}", faults.empty() ? "" : "; ", names, on.empty() ? "" : " on " + on);
        }
    }
    if (!faults.empty()) throw std::runtime_error(who + " may not: " + faults);
    return fmt::format("{} may do the {} things that a deployment does", who, actions);
}

}  // namespace bb::stages
