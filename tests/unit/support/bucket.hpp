#pragma once
// A bucket of S3 for tests, as services differ: with or without conditions, and with or without times.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/client/s3.hpp"
#include "unit/support/fake_upstream.hpp"

namespace bb::test {

/// Answers on a thread of its own, as who asks it waits.
class Bucket {
public:
    Bucket();
    ~Bucket();
    Bucket(const Bucket&) = delete;

    /// How the bucket "school" is reached; a request is tried twice.
    client::S3Options options() const;

    void put(const std::string& key, const std::string& text);
    std::optional<std::string> get(const std::string& key) const;
    void remove(const std::string& key);
    /// Requests of this method so far.
    int asked(const std::string& method) const;

    /// Conditions are answered with 501.
    void know_no_conditions();
    /// Seconds since each object was stored; nothing: the service does not tell.
    void tell_age(std::optional<int> seconds);
    /// Seconds since this object was stored.
    void make_old(const std::string& key, int seconds);
    /// An upload in parts that is not complete and began so many seconds ago.
    void begin_upload(const std::string& key, const std::string& id, int seconds);
    /// The ids of uploads that are not complete. Two of them make a page of a listing.
    std::vector<std::string> uploads() const;
    /// Keys that begin with `prefix`.
    std::vector<std::string> keys(const std::string& prefix) const;
    /// GET of this key is answered with this status and code.
    void refuse(const std::string& key, int status, const std::string& code);
    /// GET of this key is never answered.
    void hang(const std::string& key) { refuse(key, 0, ""); }
    /// So many times what is stored is not confirmed: the connection breaks off instead.
    void lose_answers(int times);

private:
    struct Object {
        std::string text;
        std::string etag;
        int older = 0;  // than the others, in seconds
    };
    struct Upload {
        std::string key, id;
        int seconds = 0;  // since it began
    };
    Task<void> answer(Socket& socket, std::string request);
    std::string answer_to(const std::string& method, const std::string& key, const std::string& request);
    std::string stored(const std::string& key, const std::string& request);
    std::string listed(const std::string& query) const;
    std::string listed_uploads(const std::string& query) const;
    std::string last_modified(const Object& object) const;
    std::string read(const std::string& method, const std::string& key, const std::string& request) const;

    mutable std::mutex mutex_;
    std::map<std::string, Object> objects_;
    std::vector<Upload> uploads_;
    std::map<std::string, std::string> refusals_;
    std::map<std::string, int> asked_;
    std::optional<int> age_ = 0;
    bool conditions_ = true;
    int number_ = 0, lost_ = 0;

    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
    std::optional<FakeUpstream> upstream_;
    std::thread thread_;
};

}  // namespace bb::test
