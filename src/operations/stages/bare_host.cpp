#include "operations/stages/bare_host.hpp"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/core/uuid.hpp"
#include "embedded/host_files.hpp"
#include "operations/release/kept.hpp"
#include "operations/stages/delivery.hpp"

namespace bb::stages {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::minutes longest_installation{20};
constexpr std::chrono::seconds longest_start{60};
constexpr const char* usual_program = "/usr/local/bin/brainbytes";
constexpr const char* usual_data = "/var/lib/brainbytes";
constexpr const char* usual_address = "127.0.0.1:3000";

std::string packages() {
    std::istringstream lines{std::string(embedded::run_packages)};
    std::string names, line;
    while (std::getline(lines, line)) {
        const auto name = line.substr(0, line.find(' '));
        if (!name.empty() && name.front() != '#') names += (names.empty() ? "" : " ") + name;
    }
    return names;
}

/// The program of an archive that the key has signed, unpacked here until it is sent.
class CheckedProgram {
public:
    CheckedProgram(const fs::path& archive, const fs::path& key)
        : folder_(fs::temp_directory_path() / ("brainbytes-" + Uuid::make().text())) {
        fs::create_directory(folder_);
        fs::permissions(folder_, fs::perms::owner_all);
        const release::Trust trust(folder_ / "trust");
        const auto trusted = trust.add(key);
        if (!trusted) throw std::runtime_error(trusted.error().detail);
        const auto kept = release::KeptReleases(folder_ / "releases").install(archive, {*trusted}, true);
        if (!kept) throw std::runtime_error(kept.error().detail);
        file_ = kept->folder / "brainbytes";
    }
    ~CheckedProgram() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    CheckedProgram(const CheckedProgram&) = delete;

    const fs::path& file() const { return file_; }

private:
    fs::path folder_, file_;
};

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

void start_by_systemd(const Stage& stage, const Host& host) {
    if (stage.program != usual_program || stage.data != usual_data)
        throw std::runtime_error(
            fmt::format("{}: the service is for {} and {}: install deploy/systemd by hand for other paths",
                        host.name(), usual_program, usual_data));
    const auto put = [&](const std::string& name, const std::string& text) {
        put_text(host, text, "/etc/systemd/system/" + name, "644");
    };
    const auto listen = stage.environment.find("BRAINBYTES_LISTEN");
    const auto address = listen == stage.environment.end() ? usual_address : listen->second;
    put("brainbytes.service", replaced(std::string(embedded::service_unit), usual_address, address));
    put("brainbytes.socket", replaced(std::string(embedded::socket_unit), usual_address, address));
    host.shell("umask 022; mkdir -p /etc/brainbytes", {});
    put_text(host, "BRAINBYTES_STAGE=" + stage.name + "\n", "/etc/brainbytes/environment", "644");
    host.shell("systemctl daemon-reload && systemctl enable --now brainbytes.socket brainbytes.service", {});
}

/// For a host without systemd: it has to be started again by whatever starts things there.
void start_alone(const Stage& stage, const Host& host) {
    host.shell(
        fmt::format("cd {0} && umask 077 && setsid -f env BRAINBYTES_DATA={0} BRAINBYTES_STAGE={1} {2} "
                    "supervise </dev/null >>supervise.log 2>&1",
                    shell_word(stage.data), shell_word(stage.name), shell_word(stage.program)),
        {});
}

void wait_for_supervisor(const Stage& stage, const Host& host) {
    std::string fault;
    for (const auto deadline = steady_clock::now() + longest_start; steady_clock::now() < deadline;) {
        try {
            if (host.brainbytes({"deploy", "status"}, {}).find("\"serving\":null") == std::string::npos)
                return;
            fault = host.name() + ": the server does not start";
        } catch (const std::exception& failure) {
            fault = failure.what();
        }
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    const auto log =
        fmt::format("tail -n 3 {}/supervise.log 2>/dev/null || journalctl -n 3 -o cat -u brainbytes",
                    shell_word(stage.data));
    throw std::runtime_error(fmt::format("{} ({})", fault, host.shell(log, {.may_fail = true})));
}

}  // namespace

void make_ready(const Stage& stage, const Host& host, const fs::path& archive, const fs::path& trusted) {
    if (archive.empty()) throw std::runtime_error(host.name() + ": needs an archive; nothing is kept there");
    if (trusted.empty())
        throw std::runtime_error(host.name() + ": name the key that it shall trust with --trust FILE");
    const CheckedProgram program(archive, trusted);
    host.shell(fmt::format("packages={} data={} program={}\n{}", shell_word(packages()),
                           shell_word(stage.data), shell_word(stage.program), embedded::prepare_host),
               {.limit = longest_installation});
    put_file(host, program.file(), stage.program, "755");
    write_environment(stage, host, {}, false);
    write_contacts(stage, host);
    const bool systemd =
        host.shell("test -d /run/systemd/system && echo yes || echo no", {}).starts_with("yes");
    // One that was broken off may run by now.
    const auto runs = host.brainbytes({"deploy", "status"}, {.may_fail = true});
    if (runs.empty()) systemd ? start_by_systemd(stage, host) : start_alone(stage, host);
    wait_for_supervisor(stage, host);
}

}  // namespace bb::stages
