#include "base/core/plain_shell.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace bb {
namespace {

namespace fs = std::filesystem;

constexpr int cannot_run = 126, not_found = 127;  // as a shell tells
constexpr std::string_view database_programs = "/usr/lib/postgresql/";
constexpr std::string_view both_into_one = "2>&1";

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n';
}

/// What a shell takes as it is, also outside of quotes.
bool is_plain(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("_./=,:+@%-").find(c) != std::string_view::npos;
}

class Reader {
public:
    explicit Reader(std::string_view text) : left_(text) {}

    std::optional<PlainCommand> command() {
        PlainCommand found;
        for (skip_blanks(); !left_.empty(); skip_blanks())
            if (!take_one(found)) return std::nullopt;
        if (found.words.empty()) return std::nullopt;
        return found;
    }

private:
    void skip_blanks() {
        while (!left_.empty() && is_blank(left_[0])) left_.remove_prefix(1);
    }
    bool at_end_of_word() const { return left_.empty() || is_blank(left_[0]); }

    bool take_one(PlainCommand& found) {
        if (left_.starts_with(both_into_one)) {
            left_.remove_prefix(both_into_one.size());
            found.streams.push_back({STDERR_FILENO, {}});
            return at_end_of_word();
        }
        const bool in = left_[0] == '<', out = left_[0] == '>';
        if (in || out) left_.remove_prefix(1);
        skip_blanks();
        auto word = take_word();
        if (!word) return false;
        if (!in && !out)
            found.words.push_back(std::move(*word));
        else
            found.streams.push_back({in ? STDIN_FILENO : STDOUT_FILENO, std::move(*word)});
        return true;
    }

    std::optional<std::string> take_word() {
        std::string word;
        while (!at_end_of_word()) {
            const auto quoted = left_[0] == '"';
            if (quoted) {
                const auto end = left_.find('"', 1);
                if (end == std::string_view::npos) return std::nullopt;
                const auto inside = left_.substr(1, end - 1);
                if (inside.find_first_of("$`\\") != std::string_view::npos) return std::nullopt;
                word += inside;
                left_.remove_prefix(end + 1);
            } else if (is_plain(left_[0])) {
                word += left_[0];
                left_.remove_prefix(1);
            } else {
                return std::nullopt;
            }
        }
        if (word.empty()) return std::nullopt;
        return word;
    }

    std::string_view left_;
};

/// Where the program is that `word` means; empty when it may not be run.
std::string program_of(const std::string& word) {
    if (word == "locale") return "/usr/bin/locale";
    std::error_code missing;
    if (fs::equivalent(word, "/proc/self/exe", missing)) return word;
    const bool direct = fs::path(word).lexically_normal() == fs::path(word);
    return direct && word.starts_with(database_programs) ? word : std::string();
}

bool redirect(const PlainCommand& command) {
    for (const auto& [stream, file] : command.streams) {
        const int flags = stream == STDIN_FILENO ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
        const int opened = file.empty() ? STDOUT_FILENO : ::open(file.c_str(), flags | O_CLOEXEC, 0666);
        if (opened < 0 || ::dup2(opened, stream) < 0) return false;
    }
    return true;
}

int refuse(int code, const char* why, const char* what) {
    std::fprintf(stderr, "sh: %s: %s\n", why, what);
    return code;
}

}  // namespace

std::optional<PlainCommand> parse_plain_command(std::string_view text) {
    return Reader(text).command();
}

std::optional<int> run_as_shell(int argc, char** argv) {
    if (argc < 1 || fs::path(argv[0]).filename() != "sh") return std::nullopt;
    if (argc != 3 || std::string_view(argv[1]) != "-c")
        return refuse(not_found, "there is no shell in this image", "only sh -c COMMAND, for PostgreSQL");
    auto command = parse_plain_command(argv[2]);
    const auto program = command ? program_of(command->words[0]) : std::string();
    if (program.empty())
        return refuse(not_found, "there is no shell in this image, and this needs one", argv[2]);
    if (!redirect(*command)) return refuse(cannot_run, "a file cannot be opened", argv[2]);
    std::vector<char*> arguments;
    for (auto& word : command->words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(program.c_str(), arguments.data());
    return refuse(not_found, "not found", program.c_str());
}

}  // namespace bb
