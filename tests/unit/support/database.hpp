#pragma once
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>

#include "base/core/crypto.hpp"
#include "base/core/privileges.hpp"
#include "base/db/cluster.hpp"
#include "base/db/migrate.hpp"
#include "base/db/session.hpp"

/// A real PostgreSQL for unit tests, one for each test program, gone with it.
namespace bb::test {

/// A new folder under /tmp that belongs to an account PostgreSQL accepts; removed at the end.
class Folder {
public:
    Folder() {
        char name[] = "/tmp/bbu-XXXXXX";
        if (!mkdtemp(name)) throw std::runtime_error("mkdtemp");
        path = name;
        const auto account = privileges::unprivileged_for(path);
        if (privileges::is_root() && chown(name, account.uid, account.gid) != 0)
            throw std::runtime_error("chown");
    }
    ~Folder() {
        std::error_code ignored;
        if (getpid() == owner_) std::filesystem::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;

    std::filesystem::path path;

private:
    pid_t owner_ = getpid();
};

/// Runs `work` in a child process that is not root; true when it returned normally. What it throws is
/// printed.
inline bool as_unprivileged(const std::filesystem::path& folder, const std::function<void()>& work) {
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
        try {
            crypto::initialize();
            if (privileges::is_root()) privileges::drop_to(privileges::unprivileged_for(folder));
            work();
            std::_Exit(::testing::Test::HasFailure() ? 1 : 0);
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "%s\n", failure.what());
            std::_Exit(1);
        }
    }
    int status = 1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// The cluster of this test program: held by a child process that ends when we do, however we do.
class Postgres {
public:
    static Postgres& instance() {
        static Postgres postgres;
        return postgres;
    }

    /// An empty database of its own.
    std::string empty_database() {
        const auto name = fmt::format("test_{}", ++count_);
        db::Session(conninfo_).script("CREATE DATABASE " + name);
        return with_database(name);
    }

    /// A database of its own with every migration applied.
    std::string database() {
        if (!has_template_) {
            db::Session(conninfo_).script("CREATE DATABASE migrated");
            auto made = db::prepare_schema(with_database("migrated"), true, [](std::string_view) {});
            if (!made) throw std::runtime_error(made.error().detail);
            has_template_ = true;
        }
        const auto name = fmt::format("test_{}", ++count_);
        db::Session(conninfo_).script(fmt::format("CREATE DATABASE {} TEMPLATE migrated", name));
        return with_database(name);
    }

    ~Postgres() {
        close(alive_);
        waitpid(child_, nullptr, 0);
    }

private:
    Postgres() {
        crypto::initialize();
        int alive[2], answer[2];
        if (pipe2(alive, O_CLOEXEC) != 0 || pipe2(answer, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
        child_ = fork();
        if (child_ == 0) {
            close(alive[1]);
            hold(alive[0], answer[1]);
        }
        close(alive[0]);
        close(answer[1]);
        alive_ = alive[1];
        char chunk[512];
        for (ssize_t got; (got = read(answer[0], chunk, sizeof chunk)) > 0;)
            conninfo_.append(chunk, static_cast<std::size_t>(got));
        close(answer[0]);
        if (conninfo_.empty()) throw std::runtime_error("PostgreSQL for the tests did not start");
    }

    [[noreturn]] void hold(int alive, int answer) {
        setsid();  // a Ctrl-C is for the tests; we end after them
        try {
            if (privileges::is_root()) privileges::drop_to(privileges::unprivileged_for(folder_.path));
            db::ManagedCluster::Options options;
            options.data = folder_.path;
            options.durable = false;
            db::ManagedCluster cluster(std::move(options));
            const auto conninfo = cluster.conninfo();
            if (write(answer, conninfo.data(), conninfo.size()) < 0) std::_Exit(1);
            close(answer);
            char byte;
            while (read(alive, &byte, 1) > 0) {
            }
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "%s\n", failure.what());
        }
        std::error_code ignored;
        std::filesystem::remove_all(folder_.path, ignored);
        std::_Exit(0);
    }

    std::string with_database(const std::string& name) const {
        return conninfo_.substr(0, conninfo_.rfind("dbname=")) + "dbname=" + name;
    }

    Folder folder_;
    pid_t child_ = -1;
    int alive_ = -1;
    int count_ = 0;
    bool has_template_ = false;
    std::string conninfo_;
};

/// A fresh database with the whole schema, for one test.
inline std::string fresh_database() {
    return Postgres::instance().database();
}

}  // namespace bb::test
