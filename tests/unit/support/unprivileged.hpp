#pragma once
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

}  // namespace bb::test
