#pragma once
#include <string>

namespace bb::stages {

/// Asks AWS whether whoever deploys to a stage may do what that takes, on the resources of deploy/aws: the
/// role of its pipeline, or without such a one the account that is configured. Gives the evidence. Throws
/// std::runtime_error with what is not allowed.
std::string aws_permissions(const std::string& stage);

/// ARN of the account that is configured. Throws std::runtime_error.
std::string aws_identity();
/// ARN of the role that the pipeline of a stage takes. Throws std::runtime_error when there is none.
std::string aws_release_role(const std::string& stage);

}  // namespace bb::stages
