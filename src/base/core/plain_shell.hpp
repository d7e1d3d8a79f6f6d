#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bb {

/// One command without anything that only a shell could do: words, and where its standard streams go.
struct PlainCommand {
    struct Redirection {
        int stream;
        std::string file;  ///< empty: to where standard output goes
    };
    std::vector<std::string> words;
    std::vector<Redirection> streams;
};

/// `text` as such a command; nullopt when it is none, or needs a shell.
std::optional<PlainCommand> parse_plain_command(std::string_view text);

/// The image of the program has no shell, and PostgreSQL's programs begin each other by "sh -c". There
/// /bin/sh is a link to this program, which becomes the one command that is meant: a program of
/// PostgreSQL's, libc's `locale`, or itself; all else is refused. nullopt when it was not called as "sh".
std::optional<int> run_as_shell(int argc, char** argv);

}  // namespace bb
