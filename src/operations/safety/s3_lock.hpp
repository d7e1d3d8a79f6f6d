#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "operations/safety/s3_session.hpp"
#include "operations/safety/store.hpp"

namespace bb::safety {

/// A lock that is an object in the bucket. It names who holds it, and is renewed each minute; one that was
/// not renewed for five minutes, or whose process has ended on this machine, is taken over.
class S3Lock : public Store::Lock {
public:
    /// `session` is used to take it; renewing and giving back has one of its own, of the same `options`.
    /// `place`: for people. Throws std::runtime_error naming who holds it.
    S3Lock(S3Session& session, client::S3Options options, const std::string& ca_file, std::string key,
           const std::string& place, const std::function<void()>& watch);
    /// Gives it back when it is still ours.
    ~S3Lock() override;
    S3Lock(const S3Lock&) = delete;

private:
    std::string take(S3Session& session, const std::string& place, const std::function<void()>& watch);
    void renew_until_over();

    const std::string key_;
    const std::string text_;  // what stands in it
    S3Session own_;
    std::string etag_;
    std::mutex mutex_;
    std::condition_variable woken_;
    bool over_ = false;
    std::thread renewer_;
};

}  // namespace bb::safety
