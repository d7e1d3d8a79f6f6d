#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "operations/deploy/deploy_lock.hpp"
#include "operations/stages/stage_file.hpp"

namespace bb::stages {

/// The lock of a stage on AWS: a parameter of its own in the Parameter Store, which is for all machines that
/// one deploys from. It ends by itself. Each call throws std::runtime_error with what AWS says.
class AwsLock {
public:
    explicit AwsLock(const Stage& stage) : name_("/brainbytes/" + stage.name + "/deploy-lock") {}

    /// Throws std::runtime_error, which names the owner, when another hold is in force. One whose process was
    /// killed on this machine is taken over, which is said.
    void take(const deploy::Hold& hold, const std::function<void(std::string_view)>& say) const;
    /// Gives up the hold of this id, or any if it is empty; what was given up.
    std::optional<deploy::Hold> give_up(const std::string& id) const;
    /// The hold in force.
    std::optional<deploy::Hold> held() const;

private:
    std::optional<std::string> text() const;
    bool add(const deploy::Hold& hold) const;
    void remove() const;

    const std::string name_;
};

}  // namespace bb::stages
