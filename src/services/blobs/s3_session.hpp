#pragma once
#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/client/http_client.hpp"
#include "base/client/s3.hpp"
#include "services/blobs/objects.hpp"

namespace bb::blobs {

/// A client of one bucket for who waits: requests one after the other, on a loop of its own. For one thread
/// at a time.
class S3Session {
public:
    /// `ca_file`: as client::HttpClient takes it.
    S3Session(client::S3Options options, std::string ca_file);

    client::S3& client() { return client_; }

    /// Waits for one of the client's requests. `watch` is called about twice a second meanwhile; when it
    /// throws, the request is ended and that comes out.
    template <class T>
    Result<T> ask(Task<Result<T>> request, const std::function<void()>& watch) {
        std::optional<Result<T>> result;
        auto work = [&]() -> Task<void> {
            result.emplace(co_await std::move(request));
        };
        run(work(), watch);
        return std::move(*result);
    }
    /// The same. Throws as fail().
    template <class T>
    T must(Task<Result<T>> request, const std::function<void()>& watch) {
        auto result = ask(std::move(request), watch);
        if (!result) fail(result.error());
        if constexpr (!std::is_void_v<T>) return std::move(*result);
    }

    /// Throws Away when the service does not answer, Absent when there is no such object, else
    /// std::runtime_error, with the error's sentence.
    [[noreturn]] static void fail(const Error& error);

private:
    void run(Task<void> work, const std::function<void()>& watch);

    boost::asio::io_context loop_{1};
    client::HttpClient http_;
    client::S3 client_;
};

}  // namespace bb::blobs
