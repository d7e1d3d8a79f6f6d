#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "operations/stages/stage_file.hpp"

namespace bb::stages {

/// A host of a stage, reached by the system's ssh: its agent, its configuration, known hosts alone.
class Host {
public:
    Host(const Stage& stage, std::string name) : stage_(stage), name_(std::move(name)) {}

    const std::string& name() const { return name_; }

    /// How a command is run there.
    struct How {
        std::chrono::seconds limit{60};
        std::filesystem::path input = {};  ///< a file that it reads; empty: nothing
        std::string input_text = {};       ///< or this
        bool attended = false;             ///< a line on its input four times a second, as long as we live
        std::function<void(std::string_view line)> say = {};   ///< gets each line of its error output
        std::function<void(std::string_view line)> hear = {};  ///< gets each line of its output; none is kept
        bool may_fail = false;                                 ///< an exit code above 0 is no fault
    };

    /// Runs BrainBytes there, on the data and with the options of the stage; gives its output. Throws
    /// std::runtime_error with the name of the host and the last words.
    std::string brainbytes(const std::vector<std::string>& words, const How& how) const;
    /// The same as a line of the shell.
    std::string line(const std::vector<std::string>& words) const;
    /// Runs a script of the shell. Throws as above.
    std::string shell(const std::string& script, const How& how) const;

private:
    std::vector<std::string> command(const std::string& remote) const;

    const Stage& stage_;
    std::string name_;
};

/// As one word of a shell.
std::string shell_word(const std::string& word);

}  // namespace bb::stages
