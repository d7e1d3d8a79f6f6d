#include "base/net/handed_over.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>

namespace bb::net {
namespace {

constexpr int first = 3;
constexpr int most = 1024;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    std::string text = value ? value : "";
    ::unsetenv(name);
    return text;
}

}  // namespace

HandedOver take_handed_over() {
    const auto process = variable("LISTEN_PID"), count = variable("LISTEN_FDS");
    std::istringstream names(variable("LISTEN_FDNAMES"));
    HandedOver sockets;
    if (process != std::to_string(::getpid())) return sockets;
    const int number = std::atoi(count.c_str());
    for (int fd = first; fd < first + number && number <= most; ++fd) {
        std::string name;
        std::getline(names, name, ':');
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        if (name == name_of_probe)
            sockets.probe = fd;
        else if (name == name_of_control)
            sockets.control = fd;
        else if (name == name_of_requests)
            sockets.requests = fd;
        else
            sockets.listening.push_back(fd);
    }
    return sockets;
}

}  // namespace bb::net
