#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/core/error.hpp"
#include "base/core/time.hpp"

namespace bb::deploy {

/// Somebody's word that nobody else changes the release of an installation for a while.
struct Hold {
    std::string id;  ///< who knows it may deploy all the same
    std::string owner;
    std::string reason;
    Time until{};
};

/// As it is kept.
std::string to_json(const Hold& hold);
/// What to_json() wrote; nothing: it is over, or no such thing.
std::optional<Hold> hold_in(std::string_view json);

/// The lock of an installation, a file beside its releases. It ends by itself.
class DeployLock {
public:
    explicit DeployLock(const std::filesystem::path& data) : folder_(data / "releases") {}

    /// Errors: conflict, which names the owner, when another hold is in force. Throws std::system_error.
    Result<void> take(const Hold& hold) const;
    /// Gives up the hold of this id, or any if it is empty; what was given up. Throws std::system_error.
    std::optional<Hold> give_up(const std::string& id) const;
    /// The hold in force.
    std::optional<Hold> held() const;

private:
    std::filesystem::path folder_;
};

/// Why somebody else may not deploy.
std::string to_text(const Hold& hold);

}  // namespace bb::deploy
