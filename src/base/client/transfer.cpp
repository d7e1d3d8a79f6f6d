#include "base/client/transfer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace bb::client {
namespace {

// Above this much undelivered body the peer is made to wait.
constexpr std::size_t pause_above = 64 * 1024;
constexpr std::size_t max_headers = 200;
constexpr std::string_view known_codings[] = {"gzip", "x-gzip", "deflate", "identity"};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string in_lower_case(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

bool breaks_line(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    return text;
}

struct Place {
    boost::asio::ip::address address;
    int port = 0;
};

/// What libcurl is about to connect to; nothing for what is no IP address.
std::optional<Place> place_of(const curl_sockaddr& address) {
    namespace ip = boost::asio::ip;
    if (address.family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, &address.addr, sizeof four);
        return Place{ip::make_address_v4(ntohl(four.sin_addr.s_addr)), ntohs(four.sin_port)};
    }
    if (address.family != AF_INET6) return std::nullopt;
    sockaddr_in6 six{};
    std::memcpy(&six, &address.addr, std::min<std::size_t>(address.addrlen, sizeof six));
    ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return Place{ip::make_address_v6(bytes), ntohs(six.sin6_port)};
}

Failure failure_of(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_OPERATION_TIMEDOUT:  // the connect deadline or the silence; every other one is ours
            return Failure::connect;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return Failure::invalid;
        default:
            return Failure::cut;
    }
}

}  // namespace

Transfer::Transfer(std::shared_ptr<Multi> multi, Outgoing request, Sink sink, std::shared_ptr<Abort> abort,
                   MayConnect guard)
    : multi_(std::move(multi)),
      request_(std::move(request)),
      sink_(std::move(sink)),
      abort_(std::move(abort)),
      guard_(std::move(guard)),
      easy_(make_easy(multi_->ca_file())),
      wake_(multi_->executor()) {
    if (abort_)
        abort_->wake_ = [this] {
            wake_.cancel();
        };
}

Transfer::~Transfer() {
    if (abort_) abort_->wake_ = nullptr;
    if (added_) multi_->remove(easy_.get(), *this);
}

Task<Reply> Transfer::run() {
    if (!sendable()) {
        fail(Failure::invalid, "a line break or NUL in the request's head");
        co_return std::move(reply_);
    }
    prepare();
    started_ = progressed_ = Clock::now();
    added_ = true;
    multi_->add(easy_.get(), *this);
    while (!interrupted() && deliver() && !done_) {
        const auto until = deadline();
        if (Clock::now() >= until) {
            fail(Failure::slow, any_progress_ ? "no progress in time" : "no first byte in time");
            break;
        }
        wake_.expires_at(until);
        co_await wake_.async_wait(use_task_tuple);
    }
    finish();
    co_return std::move(reply_);
}

bool Transfer::sendable() const {
    if (breaks_line(request_.url) || breaks_line(request_.method)) return false;
    if (breaks_line(request_.connect_to)) return false;
    return std::none_of(request_.headers.begin(), request_.headers.end(),
                        [](const auto& h) { return breaks_line(h.first) || breaks_line(h.second); });
}

void Transfer::prepare() {
    CURL* easy = easy_.get();
    set(easy, CURLOPT_ERRORBUFFER, error_);
    set(easy, CURLOPT_URL, request_.url.c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    // A cancelled call must close its connection; in HTTP/2 it would only end its stream.
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    set(easy, CURLOPT_BUFFERSIZE, request_.receive_buffer);
    set(easy, CURLOPT_USERAGENT, "BrainBytes");
    set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.deadlines.connect.count()));
    prepare_route();
    if (guard_) prepare_guard();
    set(easy, CURLOPT_PATH_AS_IS, 1L);  // what is signed is what is sent
    if (request_.deadlines.silence.count() > 0) {
        set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request_.deadlines.silence.count()));
    }
    prepare_body();
    for (const auto& [name, value] : request_.headers) {
        std::string line = name;
        line.append(": ").append(value);
        append(headers_, line);
    }
    append(headers_, "Expect:");  // no waiting for 100 Continue
    set(easy, CURLOPT_HTTPHEADER, headers_.get());
    set(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
}

void Transfer::prepare_route() {
    CURL* easy = easy_.get();
    const auto& host = request_.connect_to;
    if (!host.empty() || is_loopback(host_of(request_.url))) set(easy, CURLOPT_NOPROXY, "*");
    if (host.empty()) return;
    const bool six = host.find(':') != std::string::npos;
    append(routes_, six ? "::[" + host + "]:" : "::" + host + ":");  // any host and port; the port stays
    set(easy, CURLOPT_CONNECT_TO, routes_.get());
}

void Transfer::prepare_guard() {
    CURL* easy = easy_.get();
    set(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    set(easy, CURLOPT_PROXY, "");
    set(easy, CURLOPT_FRESH_CONNECT, 1L);
    set(easy, CURLOPT_FORBID_REUSE, 1L);
    set(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_connect);
    set(easy, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
}

/// libcurl connects to the very address that is asked about here.
curl_socket_t Transfer::on_connect(void* self, curlsocktype, curl_sockaddr* address) {
    const auto& allowed = static_cast<Transfer*>(self)->guard_;
    const auto place = place_of(*address);
    if (!place || !allowed(place->address, place->port)) return CURL_SOCKET_BAD;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void Transfer::prepare_body() {
    CURL* easy = easy_.get();
    const auto& body = request_.shared_body ? *request_.shared_body : request_.body;
    if (!body.empty() || request_.method == "POST" || request_.method == "PUT") {
        set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        set(easy, CURLOPT_POSTFIELDS, body.c_str());
    }
    if (request_.method == "HEAD")
        set(easy, CURLOPT_NOBODY, 1L);
    else
        set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

/// A request that has been answered is not sent again, and a stream may last for minutes.
void Transfer::drop_sent_body() {
    if (request_.body.empty()) return;
    curl_off_t sent = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
    if (sent < static_cast<curl_off_t>(request_.body.size())) return;
    std::string().swap(request_.body);
}

/// False when the transfer is over for the receiver.
bool Transfer::deliver() {
    while (!arrived_.empty()) {
        std::string piece;
        piece.swap(arrived_);
        drop_sent_body();
        long status = 0;
        curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
        const Heard heard = sink_(static_cast<int>(status), piece);
        if (heard == Heard::progress) {
            any_progress_ = true;
            progressed_ = Clock::now();
        }
        if (interrupted()) return false;
        if (heard == Heard::stop) {
            fail(Failure::aborted, "ended by the receiver");
            return false;
        }
        if (paused_) {
            paused_ = false;
            curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
        }
    }
    return true;
}

bool Transfer::interrupted() const {
    return (abort_ && abort_->aborted()) || multi_->closed();
}

Transfer::Clock::time_point Transfer::deadline() const {
    const auto& limits = request_.deadlines;
    auto until = Clock::time_point::max();
    if (limits.whole.count() > 0) until = started_ + limits.whole;
    if (!any_progress_ && limits.first.count() > 0) until = std::min(until, started_ + limits.first);
    if (any_progress_ && limits.idle.count() > 0) until = std::min(until, progressed_ + limits.idle);
    return until;
}

void Transfer::finish() {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    if (reply_.failure) return;
    if (interrupted())
        fail(Failure::aborted, "ended from this side");
    else if (too_large_)
        fail(Failure::too_large, "more than the allowed number of bytes");
    else if (reply_.miscoded)
        fail(Failure::cut, "the body is packed in a way that was not asked for");
    else if (code_ != CURLE_OK)
        fail(failure_of(code_), error_[0] ? error_ : curl_easy_strerror(code_));
}

void Transfer::fail(Failure failure, std::string detail) {
    reply_.failure = failure;
    reply_.detail = std::move(detail);
}

void Transfer::on_finished(CURLcode code) {
    done_ = true;
    code_ = code;
    wake_.cancel();
}

void Transfer::on_closed() {
    wake_.cancel();
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::size_t bytes = size * count;
    if (transfer.arrived_.size() > pause_above) {
        transfer.paused_ = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (bytes > transfer.request_.max_bytes - transfer.received_) {
        transfer.too_large_ = true;
        return 0;
    }
    transfer.received_ += bytes;
    transfer.arrived_.append(data, bytes);
    transfer.wake_.cancel();
    return bytes;
}

/// Whether libcurl would undo more than one known layer of packing. It undoes all of them within one call,
/// and a few bytes that are packed several times may hold millions of blocks of nothing: no bound and no
/// deadline would get a turn. One layer costs no more than what came over the wire.
bool Transfer::is_miscoded(const std::string& name, std::string_view value) {
    if (name == "transfer-encoding") return in_lower_case(value) != "chunked";
    if (name != "content-encoding" || !guard_) return false;
    const auto end = std::end(known_codings);
    return ++codings_ > 1 || std::find(std::begin(known_codings), end, in_lower_case(value)) == end;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    auto& headers = transfer.reply_.headers;
    const std::string_view line(data, size * count);
    if (line.starts_with("HTTP/")) headers.clear();  // what stood before belongs to an interim response
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return line.size();
    auto name = in_lower_case(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    if (transfer.is_miscoded(name, value)) {
        transfer.reply_.miscoded = true;
        return 0;
    }
    if (headers.size() < max_headers) headers.emplace_back(std::move(name), std::string(value));
    return line.size();
}

}  // namespace bb::client
