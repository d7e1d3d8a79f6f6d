#pragma once
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "operations/safety/store.hpp"
#include "services/blobs/s3_session.hpp"

namespace bb::safety {

using blobs::S3Session;

/// How long a lock in a bucket stands by itself.
struct LockTimes {
    std::chrono::milliseconds renewed_every{60'000};
    std::chrono::seconds lasts{300};  ///< since it was last renewed
};

/// Somebody else's lock whose age the service does not tell, and since when it has stood there unchanged.
struct SeenLock {
    std::string etag;
    std::chrono::steady_clock::time_point since;
};

/// A lock that is an object in the bucket. It names who holds it, and is renewed each minute; one that was
/// not renewed for five minutes, or whose process has ended on this machine, is taken over.
class S3Lock : public Store::Lock {
public:
    /// Which object, and how people call the place that it locks.
    struct Where {
        std::string key;
        std::string place;
    };

    /// `session` is used to take it; renewing and giving back has one of its own, of the same `options`.
    /// `seen`: what earlier attempts have seen. Throws std::runtime_error naming who holds it.
    S3Lock(S3Session& session, client::S3Options options, const std::string& ca_file, Where where,
           SeenLock& seen, const std::function<void()>& watch, LockTimes times = {});
    /// Gives it back when it is still ours.
    ~S3Lock() override;
    S3Lock(const S3Lock&) = delete;

private:
    using Watch = std::function<void()>;
    /// What stands there; nothing: no lock, or it has just changed.
    struct Found {
        client::S3Object object;
        std::string text;
    };

    std::string take(S3Session& session, SeenLock& seen, const Watch& watch);
    static std::optional<Found> look(S3Session& session, const std::string& key, const Watch& watch);
    void refuse_if_held(const Found& found, SeenLock& seen) const;
    bool is_ours(const Found& found) const { return found.text.starts_with(text_); }
    void renew_until_over();
    Result<void> renew(const Watch& watch);

    const Where where_;
    const std::string text_;  // what stands in it, in front of how often it was renewed
    const LockTimes times_;
    S3Session own_;
    std::string etag_;
    int renewals_ = 0;
    std::mutex mutex_;
    std::condition_variable woken_;
    bool over_ = false;
    std::thread renewer_;
};

}  // namespace bb::safety
