#include "operations/safety/s3_lock.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "base/core/number.hpp"

namespace bb::safety {
namespace {

constexpr std::size_t most_lock_text = 4096;
constexpr int most_tries = 3;

std::string first_word_of(const char* file) {
    std::ifstream in(file);
    std::string word;
    in >> word;
    return word;
}

/// Tells this start of this machine, and what its process numbers are counted in, from all others.
std::string machine() {
    std::error_code failed;
    const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", failed).string();
    return first_word_of("/proc/sys/kernel/random/boot_id") + "/" + space;
}

std::string host_name() {
    char name[256] = "";
    ::gethostname(name, sizeof name - 1);
    return name;
}

/// Who holds a lock: machine, process, host, and a number that nobody else has, each on a line of its own.
struct Holder {
    std::string machine, process, host;

    explicit Holder(const std::string& text) {
        std::string_view rest = text;
        for (auto* line : {&machine, &process, &host}) {
            const auto end = std::min(rest.find('\n'), rest.size());
            *line = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }

    bool has_ended() const {
        const auto pid = parse_number<pid_t>(process);
        return machine == safety::machine() && pid && *pid > 0 && ::kill(*pid, 0) != 0 && errno == ESRCH;
    }
};

client::S3Options hurried(client::S3Options options) {
    options.attempts = 1;  // who stops must not wait for a service that is away
    options.silence = std::chrono::seconds(5);
    return options;
}

}  // namespace

S3Lock::S3Lock(S3Session& session, client::S3Options options, const std::string& ca_file, Where where,
               SeenLock& seen, const Watch& watch, LockTimes times)
    : where_(std::move(where)),
      text_(fmt::format("{}\n{}\n{}\n{}\n", machine(), ::getpid(), host_name(), crypto::random_token(12))),
      times_(times),
      own_(hurried(std::move(options)), ca_file),
      etag_(take(session, seen, watch)),
      renewer_([this]() { renew_until_over(); }) {}

S3Lock::~S3Lock() {
    {
        const std::lock_guard guard(mutex_);
        over_ = true;
    }
    woken_.notify_all();
    renewer_.join();
    const auto nothing = []() {
    };
    try {
        const auto there = look(own_, where_.key, nothing);
        if (there && is_ours(*there)) own_.must(own_.client().remove(where_.key), nothing);
    } catch (const std::exception& fault) {
        log::warn("a lock is left", {{"reason", fault.what()}});
    }
}

/// Text and ETag are of the same lock. Throws std::runtime_error with a sentence.
std::optional<S3Lock::Found> S3Lock::look(S3Session& session, const std::string& key, const Watch& watch) {
    auto object = session.ask(session.client().head(key), watch);
    if (!object && object.error().code == ErrorCode::not_found) return std::nullopt;
    if (!object) S3Session::fail(object.error());
    client::S3Range range;
    range.count = std::min<std::uint64_t>(object->bytes, most_lock_text);
    range.etag = object->etag;
    auto text = session.ask(session.client().get_range(key, std::move(range)), watch);
    if (text) return Found{std::move(*object), std::move(*text)};
    if (text.error().code == ErrorCode::not_found || text.error().code == ErrorCode::stale)
        return std::nullopt;
    S3Session::fail(text.error());
}

void S3Lock::refuse_if_held(const Found& found, SeenLock& seen) const {
    const Holder holder(found.text);
    if (holder.has_ended()) return;
    const auto now = std::chrono::steady_clock::now();
    if (seen.etag != found.object.etag) seen = {found.object.etag, now};
    // Where the service does not say how old it is, it counts from when we saw it first.
    const auto age =
        found.object.age.value_or(std::chrono::duration_cast<std::chrono::seconds>(now - seen.since));
    if (age >= times_.lasts) return;
    throw std::runtime_error(
        fmt::format("Another backup is being made or removed in {} (process {} of {}). If that was "
                    "broken off, {}.",
                    where_.place, holder.process, holder.host,
                    found.object.age ? fmt::format("try again in {} minutes", times_.lasts.count() / 60)
                                     : "remove the object " + where_.key));
}

std::string S3Lock::take(S3Session& session, SeenLock& seen, const Watch& watch) {
    auto& client = session.client();
    const auto text = std::make_shared<const std::string>(text_);
    for (int tries = 0; tries < most_tries; ++tries) {
        const auto found = look(session, where_.key, watch);
        // An answer that was lost on the way: it is ours already.
        if (found && is_ours(*found)) return found->object.etag;
        client::S3Condition condition;
        condition.if_none = !found;
        if (found) {
            refuse_if_held(*found, seen);
            condition.if_etag = found->object.etag;
        }
        auto taken = session.ask(client.put(where_.key, text, std::move(condition)), watch);
        // Services that know no conditions: then a moment decides that two hardly share.
        if (!taken && taken.error().code == ErrorCode::method_not_allowed)
            taken = session.ask(client.put(where_.key, text), watch);
        if (taken) return std::move(*taken);
        if (taken.error().code != ErrorCode::stale && taken.error().code != ErrorCode::not_found)
            S3Session::fail(taken.error());
    }
    throw std::runtime_error(
        fmt::format("Others take the lock of {} again and again. Try again in a minute.", where_.place));
}

/// Errors: stale, when it is somebody else's by now; those of S3::put().
Result<void> S3Lock::renew(const Watch& watch) {
    auto& client = own_.client();
    // Another text each time gives another ETag, so that nobody takes what was renewed for what was not.
    const auto text = std::make_shared<const std::string>(fmt::format("{}{}\n", text_, ++renewals_));
    client::S3Condition condition;
    condition.if_etag = etag_;
    auto renewed = own_.ask(client.put(where_.key, text, std::move(condition)), watch);
    const auto code = renewed ? ErrorCode::unavailable : renewed.error().code;
    if (code == ErrorCode::stale || code == ErrorCode::not_found || code == ErrorCode::method_not_allowed) {
        const auto found = look(own_, where_.key, watch);
        if (!found || !is_ours(*found))
            return Error(ErrorCode::stale,
                         fmt::format("the lock of {} was taken over or removed", where_.place));
        // Stored the last time, and the answer was lost.
        renewed = found->object.etag;
        if (code == ErrorCode::method_not_allowed) renewed = own_.ask(client.put(where_.key, text), watch);
    }
    if (!renewed) return renewed.error();
    etag_ = std::move(*renewed);
    return {};
}

void S3Lock::renew_until_over() {
    const auto watch = [this]() {
        const std::lock_guard guard(mutex_);
        if (over_) throw std::runtime_error("over");
    };
    for (bool told = false;;) {
        {
            std::unique_lock guard(mutex_);
            if (woken_.wait_for(guard, times_.renewed_every, [this]() { return over_; })) return;
        }
        std::string reason;
        try {
            const auto renewed = renew(watch);
            if (!renewed) reason = renewed.error().detail;
            // What was made under a lost lock is looked at before it counts.
            if (!renewed && renewed.error().code == ErrorCode::stale) {
                log::warn("a lock is lost", {{"reason", reason}});
                return;
            }
        } catch (const std::exception& fault) {
            const std::lock_guard guard(mutex_);
            if (over_) return;
            reason = fault.what();
        }
        // The next time may go better.
        if (!reason.empty() && !told) log::warn("a lock cannot be renewed", {{"reason", reason}});
        told = !reason.empty();
    }
}

}  // namespace bb::safety
