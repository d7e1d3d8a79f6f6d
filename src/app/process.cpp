#include "app/process.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <thread>

#include "base/core/log.hpp"
#include "base/core/log_files.hpp"
#include "base/db/home.hpp"
#include "base/http/server.hpp"
#include "base/net/address.hpp"

namespace bb::app {

void start_logging(const config::Config& config) {
    const std::string& level = config.text("BRAINBYTES_LOG_LEVEL");
    const std::string& format = config.text("BRAINBYTES_LOG_FORMAT");
    log::start(level == "debug"   ? log::Level::debug
               : level == "warn"  ? log::Level::warn
               : level == "error" ? log::Level::error
                                  : log::Level::info,
               format == "json"   ? log::Format::json
               : format == "text" ? log::Format::text
                                  : log::Format::automatic,
               config.number("BRAINBYTES_LOG_DAYS") > 0);
}

void keep_log(const config::Config& config, const std::filesystem::path& data) {
    log::FileLimits limits;
    limits.days = static_cast<int>(config.number("BRAINBYTES_LOG_DAYS"));
    log::keep_in(data / "logs", limits);
}

void raise_descriptor_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int thread_count(const config::Config& config) {
    const auto wanted = config.number("BRAINBYTES_THREADS");
    return wanted > 0 ? static_cast<int>(wanted) : std::max(1u, std::thread::hardware_concurrency());
}

Result<std::vector<int>> listening_sockets(const config::Config& config, std::vector<int> handed_over) {
    if (!handed_over.empty()) return handed_over;
    const auto endpoint = net::parse_endpoint(config.text("BRAINBYTES_LISTEN"));
    if (!endpoint) return endpoint.error();
    auto opened = http::open_listeners(*endpoint, thread_count(config));
    if (!opened) return db::Home::taken(config).value_or(opened.error());
    return opened;
}

}  // namespace bb::app
