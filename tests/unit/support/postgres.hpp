#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace bb::test {

/// A PostgreSQL of its own for a test program, in a folder under /tmp, reached over a unix socket. Made when
/// first asked for, removed when the program ends; runs as an unprivileged account also when the test is
/// root.
class TemporaryPostgres {
public:
    /// The one of this program. Throws std::runtime_error when PostgreSQL cannot be started.
    static TemporaryPostgres& shared();

    ~TemporaryPostgres();
    TemporaryPostgres(const TemporaryPostgres&) = delete;

    /// Keyword string for libpq.
    std::string conninfo() const { return "host=" + folder_ + " dbname=postgres user=postgres"; }
    /// The same as a URL.
    std::string url() const { return "postgresql://postgres@/postgres?host=" + folder_; }

    void start();
    /// Disconnects everybody at once (SIGINT).
    void stop();
    /// Ends it without any care (SIGKILL for the postmaster and its children).
    void kill();
    /// Stops every process of it in its tracks (SIGSTOP) and lets them go on (SIGCONT).
    void freeze(bool frozen);

private:
    TemporaryPostgres();
    std::vector<pid_t> processes() const;

    std::string folder_;
    pid_t postmaster_ = 0;
};

}  // namespace bb::test
