#pragma once
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "features/materials/extract/cage.hpp"

namespace bb::materials::extract {

/// A cage whose child is a script: with the file on its standard input, and two words as $2 and $3.
class ScriptedCage {
public:
    ScriptedCage() {
        char folder[] = "/tmp/bb-cage-XXXXXX";
        folder_ = mkdtemp(folder);
        limits.time = std::chrono::seconds(20);
    }
    ~ScriptedCage() { std::filesystem::remove_all(folder_); }
    ScriptedCage(const ScriptedCage&) = delete;

    CageOutcome run(const std::string& script) {
        const auto program = write(script);
        limits.program = program.c_str();
        return run_caged("kind", "a.txt", CagedFile("what it holds"), limits);
    }
    /// The path of a script for bash(1).
    std::string write(const std::string& script, const std::string& name = "child") {
        const auto program = folder_ + "/" + name;
        std::ofstream(program) << "#!/bin/bash\n" << script << '\n';
        chmod(program.c_str(), 0700);
        return program;
    }
    const std::string& folder() const { return folder_; }

    /// bwrap with the programs that scripts call. Nothing where it is not installed, or cannot work.
    std::optional<Bubblewrap> bubblewrap() {
        Bubblewrap found;
        found.also_seen = {"/bin", "/usr/bin"};
        return try_bubblewrap(found, write("exec cat", "trial").c_str()).works() ? std::optional(found)
                                                                                 : std::nullopt;
    }

    CageLimits limits;

private:
    std::string folder_;
};

}  // namespace bb::materials::extract
