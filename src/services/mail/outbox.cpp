#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "services/mail/sender.hpp"

namespace bb::mail {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// 20261122T201000123456Z: sorts by time.
std::string stamp_of(Time time) {
    auto text = to_rfc3339(time);
    text.erase(
        std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':' || c == '.'; }),
        text.end());
    return text;
}

void write_private(const std::string& path, const std::string& content) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) fail("cannot create a mail in the outbox");
    std::size_t written = 0;
    while (written < content.size()) {
        const auto now = ::write(file, content.data() + written, content.size() - written);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) {
            const int why = errno;
            ::close(file);
            ::unlink(path.c_str());
            errno = why;
            fail("cannot write a mail into the outbox");
        }
        written += static_cast<std::size_t>(now);
    }
    ::close(file);
}

}  // namespace

std::string write_to_outbox(const std::string& folder, const Message& message, const std::string& from) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail("cannot create the outbox");
    const Envelope envelope{from, crypto::hex(crypto::random_bytes(16)), now()};
    const auto path = folder + "/" + stamp_of(envelope.date) + "-" + envelope.id + ".eml";
    const auto draft = path + ".part";
    write_private(draft, render(message, envelope));
    if (::rename(draft.c_str(), path.c_str()) != 0) fail("cannot put a mail into the outbox");
    return path;
}

Task<Outcome> Outbox::try_once(Message message) {
    Outcome outcome{true, false,
                    "There is no mail server (SMTP_URL): the mail is a file in the outbox folder."};
    try {
        co_await send(std::move(message));
    } catch (const std::system_error& failure) {
        outcome = Outcome{false, false, failure.what()};
    }
    co_return outcome;
}

Task<void> Outbox::send(Message message) {
    const auto request = message.request;
    auto job = [folder = folder_, message = std::move(message), from = from_] {
        return write_to_outbox(folder, message, from);
    };
    const auto path = co_await pool_.run(std::move(job));
    log::info("mail in the outbox", {{"path", path}, {"request", request}});
}

}  // namespace bb::mail
