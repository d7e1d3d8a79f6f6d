#include "operations/stages/host.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "base/core/program.hpp"

namespace bb::stages {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t most_output = 16 << 20;
constexpr std::size_t most_words = 64 << 10;
constexpr std::size_t words_shown = 1500;
constexpr std::size_t read_at_once = 64 << 10;
constexpr std::chrono::milliseconds beat{250};
constexpr int look_every_ms = 100;
constexpr int ssh_failed = 255;

/// ssh beside us: feeds it, listens to it, ends it in time.
class Conversation {
public:
    Conversation(const std::vector<std::string>& command, const Host::How& how)
        : how_(how), deadline_(steady_clock::now() + how.limit), left_(how.input_text) {
        if (!how.input.empty()) file_ = ::open(how.input.c_str(), O_RDONLY | O_CLOEXEC);
        if (!how.input.empty() && file_ < 0)
            throw std::system_error(errno, std::generic_category(), how.input.string());
        Launch launch_how{.command = command,
                          .folder = "/",
                          .in = in_.reader(),
                          .out = out_.writer(),
                          .error = words_.writer()};
        if (const char* agent = std::getenv("SSH_AUTH_SOCK"))
            launch_how.environment.push_back(std::string("SSH_AUTH_SOCK=") + agent);
        child_ = launch(launch_how);
        in_.close_reader();
        out_.close_writer();
        words_.close_writer();
        for (const int one : {in_.writer(), out_.reader(), words_.reader()})
            ::fcntl(one, F_SETFL, ::fcntl(one, F_GETFL) | O_NONBLOCK);
    }

    ~Conversation() {
        if (file_ >= 0) ::close(file_);
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        wait_for(child_);
    }

    Conversation(const Conversation&) = delete;

    int run() {
        while (out_open_ || words_open_) {
            if (steady_clock::now() > deadline_)
                throw std::runtime_error(fmt::format("no end after {} s", how_.limit.count()));
            feed();
            listen();
        }
        in_.close_writer();
        std::optional<int> code;
        while (!(code = poll_end(child_))) {
            if (steady_clock::now() > deadline_) throw std::runtime_error("ssh does not end");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        child_ = -1;
        return *code;
    }

    std::string output;
    std::string words;

private:
    /// Hands over what there is to hand over, and closes the input behind it.
    void feed() {
        if (!in_open_) return;
        if (how_.attended && steady_clock::now() >= next_beat_) {
            left_ += '\n';
            next_beat_ = steady_clock::now() + beat;
        }
        if (left_.empty() && file_ >= 0) read_file();
        while (!left_.empty()) {
            const auto sent = ::write(in_.writer(), left_.data(), left_.size());
            if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (sent < 0) return end_input();  // it reads no more; its end says why
            left_.erase(0, static_cast<std::size_t>(sent));
            if (left_.empty() && file_ >= 0) read_file();
        }
        if (file_ < 0 && !how_.attended) end_input();
    }

    void end_input() {
        in_open_ = false;
        in_.close_writer();
    }

    void read_file() {
        left_.resize(read_at_once);
        const auto got = ::read(file_, left_.data(), left_.size());
        if (got < 0) throw std::system_error(errno, std::generic_category(), how_.input.string());
        left_.resize(static_cast<std::size_t>(got));
        if (got > 0) return;
        ::close(file_);
        file_ = -1;
    }

    void listen() {
        pollfd ready[3] = {{out_open_ ? out_.reader() : -1, POLLIN, 0},
                           {words_open_ ? words_.reader() : -1, POLLIN, 0},
                           {in_open_ && !left_.empty() ? in_.writer() : -1, POLLOUT, 0}};
        if (::poll(ready, 3, look_every_ms) <= 0) return;
        if (ready[0].revents) {
            out_open_ = take(out_.reader(), output, most_output);
            hand_lines_on();
        }
        if (ready[1].revents) {
            words_open_ = take(words_.reader(), words, most_words);
            tell_lines();
        }
    }

    static bool take(int from, std::string& into, std::size_t most) {
        char buffer[16384];
        const auto got = ::read(from, buffer, sizeof buffer);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        into.append(buffer, static_cast<std::size_t>(got));
        if (into.size() > most) throw std::runtime_error("it writes without an end");
        return got > 0;
    }

    void hand_lines_on() {
        if (!how_.hear) return;
        std::size_t from = 0;
        for (auto end = output.find('\n'); end != std::string::npos; end = output.find('\n', from)) {
            how_.hear(std::string_view(output).substr(from, end - from));
            from = end + 1;
        }
        output.erase(0, from);
    }

    void tell_lines() {
        for (auto end = words.find('\n', told_); end != std::string::npos; end = words.find('\n', told_)) {
            if (how_.say) how_.say(std::string_view(words).substr(told_, end - told_));
            told_ = end + 1;
        }
    }

    const Host::How& how_;
    const steady_clock::time_point deadline_;
    std::string left_;
    int file_ = -1;
    Pipe in_, out_, words_;
    pid_t child_ = -1;
    bool in_open_ = true, out_open_ = true, words_open_ = true;
    std::size_t told_ = 0;
    steady_clock::time_point next_beat_ = steady_clock::now();
};

/// Where the connections of this process wait for the next command, ten seconds at most.
class KeptConnections {
public:
    KeptConnections() {
        std::string form = "/tmp/brainbytes-ssh-XXXXXX";  // short: the path of a socket has 107 bytes
        if (!::mkdtemp(form.data())) throw std::system_error(errno, std::generic_category(), form);
        folder_ = form;
    }
    ~KeptConnections() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    KeptConnections(const KeptConnections&) = delete;

    static const std::filesystem::path& folder() {
        static const KeptConnections connections;
        return connections.folder_;
    }

private:
    std::filesystem::path folder_;
};

std::string last_words(std::string words) {
    while (!words.empty() && (words.back() == '\n' || words.back() == '\r')) words.pop_back();
    if (words.size() > words_shown) words.erase(0, words.size() - words_shown);
    return words;
}

}  // namespace

std::string shell_word(const std::string& word) {
    std::string made = "'";
    for (const char c : word) made += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return made + "'";
}

std::vector<std::string> Host::command(const std::string& remote) const {
    std::vector<std::string> words = {"/usr/bin/ssh", "-T"};
    if (!stage_.ssh_config.empty())
        words.insert(words.end(), {"-F", std::filesystem::absolute(stage_.ssh_config).string()});
    // A host that nobody knows is not spoken to; one that has gone is noticed in 15 seconds.
    for (const auto* option : {"BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=10",
                               "ServerAliveInterval=5", "ServerAliveCountMax=3", "ForwardAgent=no"})
        words.insert(words.end(), {"-o", option});
    for (const auto& option : {std::string("ControlMaster=auto"), std::string("ControlPersist=10"),
                               "ControlPath=" + (KeptConnections::folder() / "%C").string()})
        words.insert(words.end(), {"-o", option});
    words.insert(words.end(), {"--", name_, remote});
    return words;
}

std::string Host::shell(const std::string& script, const How& how) const {
    try {
        Conversation conversation(command("exec sh -c " + shell_word(script)), how);
        const int code = conversation.run();
        if (code == 0 || (how.may_fail && code != ssh_failed)) return std::move(conversation.output);
        const auto words = last_words(std::move(conversation.words));
        throw std::runtime_error(words.empty() ? fmt::format("exit code {}", code) : words);
    } catch (const std::exception& fault) {
        throw std::runtime_error(fmt::format("{}: {}", name_, fault.what()));
    }
}

std::string Host::line(const std::vector<std::string>& words) const {
    auto script = fmt::format("cd {0} && exec env BRAINBYTES_DATA={0} BRAINBYTES_STAGE={1} {2}",
                              shell_word(stage_.data), shell_word(stage_.name), shell_word(stage_.program));
    for (const auto& word : words) script += ' ' + shell_word(word);
    return script;
}

std::string Host::brainbytes(const std::vector<std::string>& words, const How& how) const {
    return shell(line(words), how);
}

}  // namespace bb::stages
