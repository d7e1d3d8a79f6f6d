#pragma once
#include <chrono>
#include <string>
#include <string_view>

namespace bb::test {

/// What came back for one request.
struct Answer {
    int status = 0;
    std::string head;
    std::string body;

    /// Value of a header field (name in any case), or empty.
    std::string header(std::string_view name) const;
};

/// A blocking TCP client that writes exactly what it is told.
class RawClient {
public:
    explicit RawClient(unsigned short port);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient(RawClient&& other) noexcept : fd_(other.fd_), buffer_(std::move(other.buffer_)) {
        other.fd_ = -1;
    }

    RawClient& send(std::string_view bytes);
    /// Says that nothing more will come, and goes on reading.
    void finish_sending();
    /// Closes with a reset.
    void reset();
    /// The next response; status 0 when the server closed or said nothing in time. `head_only`: to HEAD.
    Answer read(bool head_only = false);
    /// Waits for `text` in what comes, and returns everything up to its end.
    std::string read_until(std::string_view text);
    /// True when the server closes (or resets) within the time.
    bool closed(std::chrono::milliseconds limit = std::chrono::seconds(5));
    /// Bytes that came and were not read yet, without waiting.
    std::string pending();
    /// Makes the receive buffer as small as it gets; before the first byte comes.
    void shrink_receive_buffer();
    int fd() const { return fd_; }

private:
    bool fill(std::chrono::milliseconds limit);
    std::string read_chunks();

    int fd_;
    std::string buffer_;
};

}  // namespace bb::test
