#include "app/orders.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace bb::app {
namespace {

constexpr std::size_t longest_line = 200;
/// Of a supervisor that was killed and is started again: what connections ask until then is answered.
constexpr std::chrono::seconds idle_when_left{5};
constexpr std::string_view drain_word = "drain ";

}  // namespace

Orders::Orders(const sigset_t& signals, int control)
    : signals_(::signalfd(-1, &signals, SFD_CLOEXEC)), control_(control) {
    if (signals_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
}

Orders::~Orders() {
    ::close(signals_);
    if (control_ >= 0) ::close(control_);
}

void Orders::tell(std::string_view word, std::string_view detail) const {
    if (control_ < 0) return;
    auto line = std::string(word);
    if (!detail.empty()) line.append(" ").append(detail);
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    (void)!::send(control_, line.data(), line.size(), MSG_NOSIGNAL);
}

std::optional<Orders::Order> Orders::read_order() {
    char byte = 0;
    const auto got = ::recv(control_, &byte, 1, 0);
    if (got < 0 && errno == EINTR) return std::nullopt;
    if (got <= 0 || line_.size() > longest_line) return Order{.idle = idle_when_left};
    if (byte != '\n') {
        line_ += byte;
        return std::nullopt;
    }
    const auto line = std::exchange(line_, {});
    if (line == "listen") return Order{.listen = true};
    if (!line.starts_with(drain_word)) return std::nullopt;
    char* rest = nullptr;
    const std::chrono::seconds drain(std::strtol(line.c_str() + drain_word.size(), &rest, 10));
    return Order{.drain = drain, .idle = *rest == ' ' ? std::chrono::seconds(std::atoi(rest)) : drain};
}

Orders::Order Orders::next() {
    for (;;) {
        pollfd waits[] = {{signals_, POLLIN, 0}, {control_, POLLIN, 0}};
        if (::poll(waits, supervised() ? 2 : 1, -1) < 0 && errno != EINTR) return {};
        if (waits[0].revents != 0) {
            signalfd_siginfo taken;  // a signal that stayed pending would end the program later
            (void)!::read(signals_, &taken, sizeof taken);
            return {};
        }
        if (!supervised() || waits[1].revents == 0) continue;
        if (const auto order = read_order()) return *order;
    }
}

}  // namespace bb::app
