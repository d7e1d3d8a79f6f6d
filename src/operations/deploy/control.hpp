#pragma once
#include <boost/json.hpp>
#include <filesystem>
#include <string>

namespace bb::deploy {

/// A connection to the supervisor of a data folder. When it ends, a change of the release that was begun on
/// it and not kept is undone.
class Control {
public:
    /// Throws std::runtime_error with a sentence when there is no supervisor.
    explicit Control(const std::filesystem::path& data);
    ~Control();
    Control(const Control&) = delete;

    /// "status", "start" (with a release), "switch", "keep", "undo". Throws std::runtime_error with the
    /// reason when it is refused, or the supervisor has gone.
    boost::json::object ask(const std::string& what, const std::string& release = {}) const;

private:
    int socket_;
};

}  // namespace bb::deploy
