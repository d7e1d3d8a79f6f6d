#include "operations/safety/s3_lock.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "base/core/number.hpp"

namespace bb::safety {
namespace {

constexpr std::chrono::seconds renewed_every{60};
constexpr std::chrono::seconds lasts{300};
constexpr std::size_t most_text = 4096;
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

S3Lock::S3Lock(S3Session& session, client::S3Options options, const std::string& ca_file, std::string key,
               const std::string& place, const std::function<void()>& watch)
    : key_(std::move(key)),
      text_(fmt::format("{}\n{}\n{}\n{}\n", machine(), ::getpid(), host_name(), crypto::random_token(12))),
      own_(hurried(std::move(options)), ca_file),
      etag_(take(session, place, watch)),
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
    const auto there = own_.ask(own_.client().get(key_, most_text), nothing);
    if (!there || *there != text_) return;
    const auto gone = own_.ask(own_.client().remove(key_), nothing);
    if (!gone) log::warn("a lock is left", {{"reason", gone.error().detail}});
}

std::string S3Lock::take(S3Session& session, const std::string& place, const std::function<void()>& watch) {
    auto& client = session.client();
    const auto text = std::make_shared<const std::string>(text_);
    for (int tries = 0; tries < most_tries; ++tries) {
        client::S3Condition condition;
        const auto there = session.ask(client.get(key_, most_text), watch);
        if (!there && there.error().code != ErrorCode::not_found)
            throw std::runtime_error(there.error().detail);
        if (there) {
            const auto object = session.ask(client.head(key_), watch);
            if (!object) continue;
            const Holder holder(*there);
            // An answer that was lost on the way: it is ours already.
            if (*there == text_) return object->etag;
            if (!holder.has_ended() && object->age.value_or(lasts) < lasts)
                throw std::runtime_error(fmt::format(
                    "Another backup is being made or removed in {} (process {} of {}). If that was "
                    "broken off, try again in {} minutes.",
                    place, holder.process, holder.host, lasts.count() / 60));
            condition.if_etag = object->etag;
        } else {
            condition.if_none = true;
        }
        auto taken = session.ask(client.put(key_, text, condition), watch);
        // Services that know no conditions: then a moment decides that two hardly share.
        if (!taken && taken.error().code == ErrorCode::method_not_allowed)
            taken = session.ask(client.put(key_, text), watch);
        if (taken) return std::move(*taken);
        if (taken.error().code != ErrorCode::stale && taken.error().code != ErrorCode::not_found)
            throw std::runtime_error(taken.error().detail);
    }
    throw std::runtime_error(
        fmt::format("Others take the lock of {} again and again. Try again in a minute.", place));
}

void S3Lock::renew_until_over() {
    const auto text = std::make_shared<const std::string>(text_);
    const auto watch = [this]() {
        const std::lock_guard guard(mutex_);
        if (over_) throw std::runtime_error("over");
    };
    while (true) {
        {
            std::unique_lock guard(mutex_);
            if (woken_.wait_for(guard, renewed_every, [this]() { return over_; })) return;
        }
        try {
            const client::S3Condition condition{false, etag_};
            auto renewed = own_.ask(own_.client().put(key_, text, condition), watch);
            if (renewed) etag_ = std::move(*renewed);
        } catch (const std::exception&) {
            // The next minute may go better, and what was made under a lost lock is looked at before it
            // counts.
        }
    }
}

}  // namespace bb::safety
