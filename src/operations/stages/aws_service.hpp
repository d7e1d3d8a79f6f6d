#pragma once
#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "operations/deploy/traffic.hpp"
#include "operations/stages/stage_file.hpp"

namespace bb::stages {

/// The service that deploy/aws has made for a stage, reached by the AWS command line of this machine. Each
/// call throws std::runtime_error with what AWS, or the command there, says.
class AwsService {
public:
    /// Throws std::runtime_error outside of a clone: what speaks to AWS lies in its deploy/aws.
    explicit AwsService(const Stage& stage);

    /// What serves.
    struct Serving {
        std::string definition;  ///< ARN of the task definition
        std::string release;     ///< tag of its image; empty: it was not registered from a clone
    };
    Serving serving() const;
    /// Makes a task definition for the image of this tag; its ARN.
    std::string install(const std::string& tag) const;
    /// Changes the service to a task definition, and waits until its tasks alone serve.
    void change_to(const std::string& definition) const;

    /// Runs a command of that image as a task of its own; what it prints, without white space around it.
    std::string run(const std::string& definition, std::vector<std::string> words,
                    bool may_fail = false) const;
    /// The same, of which the last line of JSON with this member is wanted: others may be of a log.
    boost::json::object ask(const std::string& definition, std::vector<std::string> words,
                            const char* member) const;

    /// What the balancer measured in the minutes between, those of both times with it.
    deploy::Traffic traffic(Time from, Time to) const;

private:
    std::string script(std::vector<std::string> words, bool may_fail = false) const;

    const std::string stage_;
};

/// What the AWS command line answers, as JSON. Throws std::runtime_error with its words.
std::string aws_answer(const std::string& service, const std::string& verb, const std::string& input);

}  // namespace bb::stages
