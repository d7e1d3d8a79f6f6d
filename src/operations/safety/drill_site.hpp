#pragma once
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bb::safety {

/// A throw-away installation of this program, with its own data folder, private database and server. It goes
/// with everything in it.
class DrillSite {
public:
    /// `folder` must not exist. `environment`: "NAME=value" for its commands, besides its own.
    /// `watch`: called while a command or a start is waited for; throws to give it up.
    DrillSite(std::filesystem::path folder, std::vector<std::string> environment,
              std::function<void()> watch);
    ~DrillSite();
    DrillSite(const DrillSite&) = delete;

    std::filesystem::path data() const { return folder_ / "data"; }
    const std::filesystem::path& folder() const { return folder_; }

    /// Runs a command of this program there: what it writes to the standard output. Throws std::runtime_error
    /// with its words when it fails, unless it `may_fail` after it has written something.
    std::string command(const std::vector<std::string>& words, bool may_fail = false) const;

    /// Starts the server and returns when it is ready. Throws std::runtime_error with the end of its log.
    void start_server();
    void stop_server();
    /// Kills server and database at once, as when the power goes.
    void kill_all();
    /// From now on an option has this value there.
    void set(const std::string& name, const std::string& value);

    std::string url() const;

    struct Answer {
        int status;
        std::string body;
    };
    /// A request to the server; `json` empty: without a body. Throws std::runtime_error when there is no
    /// answer.
    Answer request(const std::string& method, const std::string& target, const std::string& cookie,
                   const std::string& json = {}) const;

private:
    std::filesystem::path folder_;
    std::vector<std::string> environment_;
    std::function<void()> watch_;
    int port_ = 0;
    pid_t server_ = -1;
};

}  // namespace bb::safety
