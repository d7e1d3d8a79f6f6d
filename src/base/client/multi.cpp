#include "base/client/multi.hpp"

#include <boost/asio/post.hpp>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace bb::client {
namespace {

using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;
// Idle connections kept for the next request; more may be open at once.
constexpr long kept_connections = 256;

void check(CURLMcode code) {
    if (code != CURLM_OK) throw std::runtime_error(curl_multi_strerror(code));
}

}  // namespace

/// A socket of libcurl's while it wants to hear from it. libcurl opens and closes it; we only watch.
struct Multi::Socket {
    Socket(Executor executor, curl_socket_t number) : number(number), descriptor(executor, number) {}
    ~Socket() {
        if (descriptor.is_open()) (void)descriptor.release();
    }

    curl_socket_t number;
    Descriptor descriptor;
    int wanted = 0;  // CURL_POLL_IN and CURL_POLL_OUT
    int armed = 0;
};

Multi::Multi(Executor executor, std::string ca_file)
    : executor_(executor), ca_file_(std::move(ca_file)), multi_(nullptr), timer_(executor) {
    make_easy();  // starts the library
    multi_ = curl_multi_init();
    if (!multi_) throw std::bad_alloc();
    check(curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Multi::on_socket));
    check(curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this));
    check(curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Multi::on_timer));
    check(curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this));
    check(curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kept_connections));
}

Multi::~Multi() {
    curl_multi_cleanup(multi_);
}

void Multi::add(CURL* easy, Listener& listener) {
    set(easy, CURLOPT_PRIVATE, static_cast<void*>(&listener));
    listeners_.insert(&listener);
    check(curl_multi_add_handle(multi_, easy));
}

void Multi::remove(CURL* easy, Listener& listener) {
    listeners_.erase(&listener);
    curl_multi_remove_handle(multi_, easy);
}

void Multi::close() {
    closed_ = true;
    for (Listener* listener : listeners_) listener->on_closed();
}

int Multi::on_socket(CURL*, curl_socket_t number, int what, void* self, void*) {
    auto& multi = *static_cast<Multi*>(self);
    if (what == CURL_POLL_REMOVE)
        multi.forget(number);
    else
        multi.watch(number, what);
    return 0;
}

int Multi::on_timer(CURLM*, long milliseconds, void* self) {
    static_cast<Multi*>(self)->start_timer(milliseconds);
    return 0;
}

void Multi::watch(curl_socket_t number, int what) {
    auto& socket = sockets_[number];
    if (!socket) socket = std::make_shared<Socket>(executor_, number);
    socket->wanted = what & CURL_POLL_INOUT;
    arm(socket, CURL_POLL_IN);
    arm(socket, CURL_POLL_OUT);
}

void Multi::forget(curl_socket_t number) {
    const auto found = sockets_.find(number);
    if (found == sockets_.end()) return;
    // Not close(): the descriptor is libcurl's, and its number may be somebody else's a moment later.
    (void)found->second->descriptor.release();
    sockets_.erase(found);
}

void Multi::arm(const std::shared_ptr<Socket>& socket, int direction) {
    if (!(socket->wanted & direction) || (socket->armed & direction)) return;
    socket->armed |= direction;
    const auto wait = direction == CURL_POLL_IN ? Descriptor::wait_read : Descriptor::wait_write;
    socket->descriptor.async_wait(wait, [self = weak_from_this(), socket, direction](const auto& error) {
        socket->armed &= ~direction;
        const auto multi = self.lock();
        if (!error && multi) multi->ready(socket, direction);
    });
}

void Multi::ready(const std::shared_ptr<Socket>& socket, int direction) {
    const auto current = [&] {
        const auto found = sockets_.find(socket->number);
        return found != sockets_.end() && found->second == socket && (socket->wanted & direction);
    };
    if (!current()) return;
    act(socket->number, direction == CURL_POLL_IN ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
    if (current()) arm(socket, direction);
}

void Multi::start_timer(long milliseconds) {
    if (milliseconds < 0) {
        timer_.cancel();
        return;
    }
    // "At once" needs no timer of the system; an earlier one is off, as libcurl has one at a time.
    if (milliseconds == 0) {
        timer_.cancel();
        boost::asio::post(executor_, [self = weak_from_this()]() {
            if (const auto multi = self.lock()) multi->act(CURL_SOCKET_TIMEOUT, 0);
        });
        return;
    }
    timer_.expires_after(std::chrono::milliseconds(milliseconds));
    timer_.async_wait([self = weak_from_this()](const auto& error) {
        const auto multi = self.lock();
        if (!error && multi) multi->act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void Multi::act(curl_socket_t number, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, number, events, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        char* listener = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &listener);
        const auto found = listeners_.find(reinterpret_cast<Listener*>(listener));
        if (found != listeners_.end()) (*found)->on_finished(message->data.result);
    }
}

}  // namespace bb::client
