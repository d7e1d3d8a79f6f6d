#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/config/config.hpp"
#include "base/core/error.hpp"

namespace bb::db {

/// The data folder and the database of this installation, held for the life of the process.
class Home {
public:
    /// A server holds the folder alone; commands run beside it or beside each other, and so do servers whose
    /// supervisor holds it.
    enum class Use { server, supervised, command };
    using Say = std::function<void(std::string_view)>;

    /// Gives up root (see privileges), makes the data folder ready, and connects to DATABASE_URL or starts
    /// the private cluster. Where the unprivileged account cannot reach BRAINBYTES_DATA, a folder under
    /// /var/lib/brainbytes is used instead and `say` told; BRAINBYTES_DATA in `config` becomes the absolute
    /// path that is really used. A folder that holds only other people's things is left as it is. Errors:
    /// unavailable, with a sentence ("already running on FOLDER, process N").
    static Result<Home> open(config::Config& config, Use use, const Say& say);

    /// The part of open() that is about the folder alone, for commands that write without the database.
    /// Throws std::runtime_error.
    static void enter(config::Config& config, const Say& say);

    /// Why a server cannot be started here now ("already running ..."), or nullopt; opens nothing.
    static std::optional<Error> taken(const config::Config& config);

    Home(Home&&) noexcept;
    ~Home();

    const std::filesystem::path& data() const;
    /// For libpq.
    std::string conninfo() const;
    /// For libpq as the superuser of the private cluster, for maintenance; nullopt with DATABASE_URL.
    std::optional<std::string> superuser_conninfo() const;
    /// True when the database is the private cluster.
    bool managed() const;
    /// The process of the server that holds this data folder, or 0.
    int server_process() const;
    /// Stops the private cluster if this process is its last user. Close all connections before.
    void close();

private:
    struct Impl;
    explicit Home(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Says words on stderr after "brainbytes: ".
void say_on_stderr(std::string_view words);

}  // namespace bb::db
