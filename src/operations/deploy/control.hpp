#pragma once
#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bb::deploy {

/// A connection to the supervisor of a data folder. When it ends, a change of the release that was begun on
/// it and not kept is undone.
class Control {
public:
    /// Throws std::runtime_error with a sentence when there is no supervisor.
    explicit Control(const std::filesystem::path& data);
    ~Control();
    Control(const Control&) = delete;

    /// "status", "surroundings", "start" (with the field "release"), "switch" (with "drain", seconds),
    /// "rest", "keep", "undo". Throws std::runtime_error with the reason when it is refused, or the
    /// supervisor has gone.
    boost::json::object ask(std::string_view what, std::string_view field = {},
                            std::string_view value = {}) const;

private:
    int socket_;
};

/// In what the supervisor and its servers run: commands of a release must see the same options, whatever the
/// person who deploys has in a shell.
struct Surroundings {
    std::vector<std::string> environment;  ///< "NAME=value"
    std::filesystem::path folder;          ///< whose .env is read

    /// What a command of `program` writes there. Throws std::runtime_error with its last words when it fails,
    /// unless it `may_fail` after it has written something.
    std::string output_of(const std::filesystem::path& program, std::vector<std::string> words,
                          const std::function<void()>& watch, bool may_fail = false) const;
};
Surroundings surroundings_of(const Control& control);

}  // namespace bb::deploy
