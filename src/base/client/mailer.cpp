#include "base/client/mailer.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "base/client/easy.hpp"
#include "base/client/mail_greeting.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"

namespace bb::client {
namespace {

constexpr int most_waiting = 256;  // letters, each a few kilobytes

/// What libcurl reads the letter from.
struct Source {
    std::string_view rest;
};

std::size_t read_letter(char* to, std::size_t size, std::size_t count, void* source) {
    auto& rest = static_cast<Source*>(source)->rest;
    const std::size_t bytes = std::min(size * count, rest.size());
    std::memcpy(to, rest.data(), bytes);
    rest.remove_prefix(bytes);
    return bytes;
}

int give_up(void* stopping, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<std::atomic<bool>*>(stopping)->load() ? 1 : 0;
}

std::string with_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 32);
    char before = 0;
    for (const char c : text) {
        if (c == '\n' && before != '\r') out += '\r';
        out += before = c;
    }
    return out;
}

// An address goes into a protocol line: nothing in it may end that line or the brackets.
bool plain_address(std::string_view address) {
    const auto odd = [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == '<' || c == '>' || c == 127;
    };
    return address.find('@') != std::string_view::npos && std::none_of(address.begin(), address.end(), odd);
}

bool has_password(const std::string& url) {
    const auto scheme = url.find("://");
    return scheme != std::string::npos && url.substr(scheme + 3).find('@') != std::string::npos;
}

void prepare_connection(CURL* easy, const std::string& smtp_url, std::chrono::milliseconds limit) {
    set(easy, CURLOPT_URL, smtp_url.c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    const bool encrypted = must_encrypt(smtp_url);
    set(easy, CURLOPT_USE_SSL, static_cast<long>(encrypted ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
    set(easy, CURLOPT_FORBID_REUSE, 1L);
    set(easy, CURLOPT_NOPROXY, "*");
}

void prepare(CURL* easy, const MailEnvelope& envelope, HeaderList& recipients) {
    prepare_connection(easy, envelope.smtp_url, envelope.deadline);
    // The goodbye is not bound by the deadline of the connection, only by this one (seconds).
    set(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 20L);
    set(easy, CURLOPT_MAIL_FROM, ("<" + envelope.from + ">").c_str());
    append(recipients, "<" + envelope.to + ">");
    set(easy, CURLOPT_MAIL_RCPT, recipients.get());
    set(easy, CURLOPT_UPLOAD, 1L);
}

/// What went wrong, in an operator's words where libcurl's say too little.
std::string words_for(CURLcode code, const std::string& error) {
    switch (code) {
        case CURLE_USE_SSL_FAILED:
            return "it does not turn to TLS, and no mail is sent without: " + error;
        case CURLE_PEER_FAILED_VERIFICATION:
            return "its certificate is not trusted: " + error;
        case CURLE_SSL_CONNECT_ERROR:
            return "no encrypted connection came about: " + error;
        case CURLE_SSL_CACERT_BADFILE:
            return "the file that SSL_CERT_FILE names holds no certificates";
        case CURLE_LOGIN_DENIED:
            return "it refused the user name or password of SMTP_URL";
        case CURLE_COULDNT_CONNECT:
            return error.empty() ? curl_easy_strerror(code) : error;
        default:
            return curl_easy_strerror(code);
    }
}

MailOutcome outcome_of(CURL* easy, CURLcode code, const char* error) {
    MailOutcome outcome;
    outcome.accepted = code == CURLE_OK;
    if (outcome.accepted) return outcome;
    long answer = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer);
    outcome.permanent = answer >= 500 && answer < 600;
    // libcurl tells which command was refused in words alone.
    outcome.recipient = outcome.permanent && std::string_view(error).starts_with("RCPT");
    outcome.detail = words_for(code, error);
    if (answer >= 400) outcome.detail += " (answer " + std::to_string(answer) + ")";
    return outcome;
}

MailOutcome hand_over(const MailEnvelope& envelope, const std::string& ca_file, std::atomic<bool>& stopping) {
    const EasyHandle easy = make_easy(ca_file);
    HeaderList recipients;
    const std::string letter = with_crlf(envelope.data);
    Source source{letter};
    char error[CURL_ERROR_SIZE] = "";
    prepare(easy.get(), envelope, recipients);
    set(easy.get(), CURLOPT_ERRORBUFFER, error);
    set(easy.get(), CURLOPT_READFUNCTION, &read_letter);
    set(easy.get(), CURLOPT_READDATA, static_cast<void*>(&source));
    set(easy.get(), CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(letter.size()));
    set(easy.get(), CURLOPT_NOPROGRESS, 0L);
    set(easy.get(), CURLOPT_XFERINFOFUNCTION, &give_up);
    set(easy.get(), CURLOPT_XFERINFODATA, static_cast<void*>(&stopping));
    const CURLcode code = curl_easy_perform(easy.get());
    return outcome_of(easy.get(), code, error);
}

/// Connects and signs in; why it could not.
std::string greet(CURL* easy, const std::string& smtp_url, std::chrono::milliseconds limit) {
    char error[CURL_ERROR_SIZE] = "";
    prepare_connection(easy, smtp_url, limit);
    set(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 1L);
    set(easy, CURLOPT_CONNECT_ONLY, 1L);  // up to and with the sign-in
    set(easy, CURLOPT_FORBID_REUSE, 0L);  // for what may be said there afterwards
    set(easy, CURLOPT_ERRORBUFFER, error);
    const CURLcode code = curl_easy_perform(easy);
    auto detail = outcome_of(easy, code, error).detail;
    set(easy, CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
    return detail;
}

/// Whether there is something to read, or room to write, before that time.
bool wait_for_server(CURL* easy, short events, std::chrono::steady_clock::time_point until) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (socket == CURL_SOCKET_BAD || left.count() <= 0) return false;
    pollfd stream{socket, events, 0};
    return ::poll(&stream, 1, static_cast<int>(left.count())) > 0;
}

/// The last line of what it answers, without its end; empty: nothing came.
std::string answer_to(CURL* easy, std::string_view command, std::chrono::steady_clock::time_point until) {
    constexpr std::size_t most_answer = 4096;
    while (!command.empty()) {
        std::size_t sent = 0;
        const auto code = curl_easy_send(easy, command.data(), command.size(), &sent);
        if (code == CURLE_AGAIN && wait_for_server(easy, POLLOUT, until)) continue;
        if (code != CURLE_OK) return {};
        command.remove_prefix(sent);
    }
    for (std::string answer; answer.size() < most_answer;) {
        char piece[512];
        std::size_t got = 0;
        const auto code = curl_easy_recv(easy, piece, sizeof piece, &got);
        if (code == CURLE_AGAIN && wait_for_server(easy, POLLIN, until)) continue;
        if (code != CURLE_OK || got == 0) return {};
        answer.append(piece, got);
        if (!answer.ends_with("\r\n")) continue;
        const auto begin = answer.rfind('\n', answer.size() - 2);
        const auto line = answer.substr(begin == std::string::npos ? 0 : begin + 1);
        if (line.size() > 5 && line[3] != '-') return line.substr(0, line.size() - 2);
    }
    return {};
}

/// Counts a letter while it is under way, or waits.
struct Counted {
    explicit Counted(std::atomic<int>& count) : count(count) { ++count; }
    ~Counted() { --count; }
    Counted(const Counted&) = delete;
    std::atomic<int>& count;
};

MailOutcome refused(bool permanent, std::string detail) {
    MailOutcome outcome;
    outcome.permanent = permanent;
    outcome.detail = std::move(detail);
    return outcome;
}

MailOutcome unusable() {
    auto outcome = refused(true, "not an address that a mail server takes");
    outcome.recipient = true;
    return outcome;
}

}  // namespace

bool must_encrypt(const std::string& smtp_url) {
    return has_password(smtp_url) || !is_loopback(host_of(smtp_url));
}

std::string greet_mail_server(const std::string& smtp_url, const std::string& ca_file,
                              std::chrono::milliseconds limit) {
    return greet(make_easy(ca_file).get(), smtp_url, limit);
}

std::string try_mail_server(const std::string& smtp_url, const std::string& ca_file,
                            std::chrono::milliseconds limit, const std::string& from, const std::string& to) {
    if (!plain_address(from) || (!to.empty() && !plain_address(to)))
        return "sender or recipient is no address that a mail server takes";
    const EasyHandle easy = make_easy(ca_file);
    if (auto fault = greet(easy.get(), smtp_url, limit); !fault.empty()) return fault;
    const auto until = std::chrono::steady_clock::now() + limit;
    const auto ask = [&](const std::string& command) {
        const auto answer = answer_to(easy.get(), command + "\r\n", until);
        if (answer.starts_with('2')) return std::string();
        const auto name = command.substr(0, command.find(':'));
        return answer.empty() ? fmt::format("it does not answer {}", name)
                              : fmt::format("it refuses {}: {}", name, answer);
    };
    auto fault = ask("MAIL FROM:<" + from + ">");
    if (fault.empty() && !to.empty()) fault = ask("RCPT TO:<" + to + ">");
    ask("RSET");
    return fault;
}

Mailer::Mailer(std::string ca_file)
    : ca_file_(std::move(ca_file)), stopping_(std::make_shared<std::atomic<bool>>(false)), pool_(2, 64) {}

void Mailer::finish() {
    *stopping_ = true;
    pool_.finish();
}

Task<MailOutcome> Mailer::send_mail(MailEnvelope envelope) {
    const Counted counted(under_way_);
    MailOutcome outcome = co_await try_once(envelope);
    bool last = false;
    for (const auto pause : envelope.pauses) {
        if (outcome.accepted || outcome.permanent || last) break;
        log::warn("a mail waits for another try",
                  {{"request", envelope.request}, {"reason", outcome.detail}});
        const bool another = co_await wait(pause);
        if (!another) break;
        last = hurried_;
        outcome = co_await try_once(envelope);
    }
    co_return outcome;
}

Task<bool> Mailer::wait(std::chrono::milliseconds pause) {
    constexpr std::chrono::milliseconds look{200};
    const Counted counted(waiting_);
    if (waiting_ > most_waiting) co_return false;
    const auto until = std::chrono::steady_clock::now() + pause;
    while (!hurried_ && std::chrono::steady_clock::now() < until)
        co_await net::sleep_for(std::min(look, pause));
    co_return true;
}

Task<MailOutcome> Mailer::try_once(MailEnvelope envelope) {
    if (!plain_address(envelope.from) || !plain_address(envelope.to)) co_return unusable();
    try {
        auto work = [envelope = std::move(envelope), ca_file = ca_file_, stopping = stopping_] {
            return hand_over(envelope, ca_file, *stopping);
        };
        MailOutcome outcome = co_await pool_.run(std::move(work));
        co_return outcome;
    } catch (const std::runtime_error& problem) {
        co_return refused(false, problem.what());
    }
}

}  // namespace bb::client
