#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>

#include "app/installation.hpp"

namespace bb::cli {
namespace {

using std::chrono::steady_clock;

/// A line that is written over itself, for what takes longer than two seconds.
class Bar {
public:
    void show(std::string_view step, std::uint64_t done, std::uint64_t total) {
        const auto now = steady_clock::now();
        if (now - started_ < std::chrono::seconds(2) || now - shown_ < std::chrono::milliseconds(200)) return;
        shown_ = now;
        const auto share = total == 0 ? 0 : std::min<std::uint64_t>(100, done * 100 / total);
        std::cerr << fmt::format("\r{:<10} {:>3} %  {} MB  ", step, share, done >> 20) << std::flush;
    }
    ~Bar() {
        if (shown_ != steady_clock::time_point{}) std::cerr << '\r' << std::string(40, ' ') << '\r';
    }

private:
    steady_clock::time_point started_ = steady_clock::now();
    steady_clock::time_point shown_{};
};

}  // namespace

safety::Installation told_installation(Context& context, const db::Home& home) {
    auto installation = app::installation_of(context.config, home);
    installation.say = db::say_on_stderr;
    installation.progress = progress_on_terminal();
    return installation;
}

safety::Progress progress_on_terminal() {
    if (!isatty(STDERR_FILENO))
        return [](auto, auto, auto) {
        };
    return [bar = std::make_shared<Bar>()](auto step, auto done, auto total) {
        bar->show(step, done, total);
    };
}

}  // namespace bb::cli
