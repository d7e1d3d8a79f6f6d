#include "unit/support/postgres.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/core/privileges.hpp"

namespace bb::test {
namespace {

namespace fs = std::filesystem;

std::string program(const std::string& name) {
    std::string best;
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql")) {
        const std::string path = version.path().string() + "/bin/" + name;
        if (fs::exists(path) && path > best) best = path;
    }
    if (best.empty()) throw std::runtime_error("PostgreSQL's programs are not installed");
    return best;
}

/// Starts a program as an account that PostgreSQL accepts; its output goes to a file.
pid_t spawn(const std::vector<std::string>& command, const std::string& output) {
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const auto account = privileges::unprivileged_for("/");
    const int log = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const pid_t child = ::fork();
    if (child != 0) {
        ::close(log);
        return child;
    }
    ::dup2(log, 1);
    ::dup2(log, 2);
    if (privileges::is_root()) privileges::drop_to(account);
    ::prctl(PR_SET_PDEATHSIG, SIGINT);
    // The test may stand in a folder that the account cannot read.
    if (::chdir("/") == 0) ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

std::string contents(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TemporaryPostgres& TemporaryPostgres::shared() {
    static TemporaryPostgres instance;
    return instance;
}

TemporaryPostgres::TemporaryPostgres() {
    char name[] = "/tmp/brainbytes-pg-XXXXXX";
    if (!::mkdtemp(name)) throw std::runtime_error("no temporary folder");
    folder_ = name;
    if (privileges::is_root()) {
        const auto account = privileges::unprivileged_for("/");
        if (::chown(name, account.uid, account.gid) != 0)
            throw std::runtime_error("the temporary folder cannot be given away");
    }
    const std::string log = folder_ + "/initdb.log";
    const pid_t child = spawn({program("initdb"), "-D", folder_ + "/data", "-U", "postgres", "-A", "trust",
                               "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
                              log);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) throw std::runtime_error("initdb failed: " + contents(log));
    start();
}

TemporaryPostgres::~TemporaryPostgres() {
    if (postmaster_) stop();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void TemporaryPostgres::start() {
    const std::string log = folder_ + "/postgres.log";
    postmaster_ = spawn(
        {program("postgres"), "-D", folder_ + "/data", "-k", folder_, "-c", "listen_addresses=", "-c",
         "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=40", "-c", "shared_buffers=16MB"},
        log);
    // The last line of the lock file says how far it is.
    for (int i = 0; i < 3000; ++i) {
        if (contents(folder_ + "/data/postmaster.pid").find("ready") != std::string::npos) return;
        if (::waitpid(postmaster_, nullptr, WNOHANG) == postmaster_) break;
        ::usleep(10'000);
    }
    throw std::runtime_error("postgres did not start: " + contents(log));
}

void TemporaryPostgres::stop() {
    ::kill(postmaster_, SIGINT);
    ::waitpid(postmaster_, nullptr, 0);
    postmaster_ = 0;
}

std::vector<pid_t> TemporaryPostgres::processes() const {
    std::vector<pid_t> found{postmaster_};
    for (const auto& entry : fs::directory_iterator("/proc")) {
        if (std::atoi(entry.path().filename().c_str()) == 0) continue;
        const std::string stat = contents(entry.path().string() + "/stat");
        const auto at = stat.rfind(") ");
        if (at == std::string::npos || stat.size() < at + 5) continue;
        if (std::atoi(stat.c_str() + at + 4) == postmaster_) found.push_back(std::atoi(stat.c_str()));
    }
    return found;
}

void TemporaryPostgres::kill() {
    const auto all = processes();
    for (const pid_t pid : all) ::kill(pid, SIGKILL);
    ::waitpid(postmaster_, nullptr, 0);
    postmaster_ = 0;
    // What the dead left behind would keep the next start waiting.
    fs::remove(folder_ + "/data/postmaster.pid");
}

void TemporaryPostgres::freeze(bool frozen) {
    for (const pid_t pid : processes()) ::kill(pid, frozen ? SIGSTOP : SIGCONT);
}

}  // namespace bb::test
