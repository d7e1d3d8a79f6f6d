#include "unit/base/http/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace bb::test {
namespace {
constexpr std::chrono::milliseconds patience{8'000};
}

std::string Answer::header(std::string_view name) const {
    std::size_t at = head.find("\r\n");
    while (at != std::string::npos && at + 2 < head.size()) {
        at += 2;
        const auto end = head.find("\r\n", at);
        const std::string line = head.substr(at, end - at);
        const auto colon = line.find(':');
        if (colon == name.size() && ::strncasecmp(line.c_str(), name.data(), colon) == 0)
            return line.substr(colon + 2);
        at = end;
    }
    return {};
}

RawClient::RawClient(unsigned short port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect to the server under test");
}

RawClient::~RawClient() {
    if (fd_ >= 0) ::close(fd_);
}

RawClient& RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) break;  // the server may have had enough
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return *this;
}

void RawClient::finish_sending() {
    ::shutdown(fd_, SHUT_WR);
}

void RawClient::reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(fd_);
    fd_ = -1;
}

void RawClient::shrink_receive_buffer() {
    const int least = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
}

bool RawClient::fill(std::chrono::milliseconds limit) {
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) return false;
    char bytes[16384];
    const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(n));
    return true;
}

std::string RawClient::read_until(std::string_view text) {
    std::size_t at;
    while ((at = buffer_.find(text)) == std::string::npos)
        if (!fill(patience)) return std::exchange(buffer_, {});
    const std::string out = buffer_.substr(0, at + text.size());
    buffer_.erase(0, at + text.size());
    return out;
}

std::string RawClient::read_chunks() {
    std::string body;
    for (;;) {
        const std::string line = read_until("\r\n");
        const std::size_t size = std::strtoul(line.c_str(), nullptr, 16);
        while (buffer_.size() < size + 2)
            if (!fill(patience)) return body;
        body += buffer_.substr(0, size);
        buffer_.erase(0, size + 2);
        if (size == 0) return body;
    }
}

Answer RawClient::read(bool head_only) {
    Answer answer;
    answer.head = read_until("\r\n\r\n");
    if (answer.head.size() < 12) return answer;
    answer.status = std::atoi(answer.head.c_str() + 9);
    if (head_only || answer.status == 100 || answer.status == 204 || answer.status == 304) return answer;
    if (answer.header("transfer-encoding") == "chunked") {
        answer.body = read_chunks();
        return answer;
    }
    const std::size_t length = std::strtoul(answer.header("content-length").c_str(), nullptr, 10);
    while (buffer_.size() < length)
        if (!fill(patience)) break;
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, answer.body.size());
    return answer;
}

bool RawClient::closed(std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd waiting{fd_, POLLIN, 0};
        if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
        char bytes[4096];
        if (::recv(fd_, bytes, sizeof bytes, 0) <= 0) return true;
    }
}

std::string RawClient::pending() {
    while (fill(std::chrono::milliseconds(0))) {
    }
    return std::exchange(buffer_, {});
}

}  // namespace bb::test
