#pragma once
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

namespace bb::cli {

/// Notices when who deploys over ssh has gone: lines come as long as they are there.
class Attendance {
public:
    void look() {
        while (heard(std::chrono::milliseconds(0))) {
        }
        must_not_be_silent();
    }

    /// What is kept while nobody hears of it stays alone with it: the others go back.
    void wait_for_a_word() {
        look();
        while (!heard(std::chrono::seconds(1))) must_not_be_silent();
    }

private:
    static constexpr std::chrono::seconds longest_silence{15};

    bool heard(std::chrono::milliseconds within) {
        char beats[256];
        pollfd input{STDIN_FILENO, POLLIN, 0};
        if (::poll(&input, 1, static_cast<int>(within.count())) <= 0) return false;
        if (::read(STDIN_FILENO, beats, sizeof beats) <= 0) throw std::runtime_error("Who deploys has gone.");
        last_ = std::chrono::steady_clock::now();
        return true;
    }

    void must_not_be_silent() const {
        if (std::chrono::steady_clock::now() - last_ > longest_silence)
            throw std::runtime_error(
                fmt::format("Nothing was heard for {} s from who deploys.", longest_silence.count()));
    }

    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace bb::cli
