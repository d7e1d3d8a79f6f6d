#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/client/http_client.hpp"
#include "base/client/sigv4.hpp"
#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/core/time.hpp"

namespace bb::client {

/// A bucket, and how it is reached.
struct S3Options {
    enum class Addressing { automatic, path, virtual_host };

    std::string bucket;
    std::string region;                             ///< "eu-central-1"
    std::string endpoint;                           ///< "https://minio.example:9000"; empty: AWS itself
    Addressing addressing = Addressing::automatic;  ///< by path where there is an endpoint
    sigv4::Credentials credentials;
    int attempts = 6;                            ///< of each request, as long as trying again may help
    std::chrono::milliseconds first_pause{500};  ///< before the second; doubled from then on, with jitter
    std::chrono::milliseconds longest_pause{15'000};
    std::chrono::milliseconds longest_asked{60'000};  ///< of what a server asks for by Retry-After
    std::chrono::seconds silence{30};        ///< in which not a byte goes either way, and no answer comes
    std::chrono::seconds late_silence{300};  ///< the same while a service puts an upload together
};

struct S3Object {
    std::string key;
    std::uint64_t bytes = 0;
    std::string etag;
    std::optional<std::chrono::seconds>
        age;                          ///< since it was stored, by the server's own clock; head() alone
    std::optional<Time> stored_at{};  ///< by the server's own clock; list() alone
};

/// A page of a listing.
struct S3Page {
    std::vector<S3Object> objects;
    std::vector<std::string> folders;  ///< what keys have in common up to the delimiter
    std::string next;                  ///< for the next page; empty: this was the last
    std::optional<Time> now;           ///< by the server's own clock
};

/// An upload in parts that is not complete.
struct S3Upload {
    std::string key;
    std::string id;
    /// Since it was begun, by the server's own clock; uploads() alone.
    std::optional<std::chrono::seconds> age{};
};

/// A page of a listing of uploads.
struct S3UploadPage {
    std::vector<S3Upload> uploads;
    std::optional<S3Upload> next;  ///< the next page goes on behind this one; none: this was the last
};

/// When an object is stored.
struct S3Condition {
    bool if_none = false;   ///< only when there is none of that key
    std::string if_etag{};  ///< only in place of this one
};

/// What is stored, and read back: bytes from `first`, `count` of them.
struct S3Range {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::string etag{};  ///< of the object they must be of; empty: whichever it is
};

/// Part of an upload that a bucket has.
struct S3Part {
    int number = 0;
    std::string etag;
};

/// Objects of one bucket of S3 or a service that speaks like it (MinIO, Ceph), signed with AWS Signature
/// Version 4. Requests are tried again after 5xx, 429, timeouts and broken connections, and never after
/// another refusal. Errors of all: not_found (no such object or upload), forbidden, stale (a condition did
/// not hold), unavailable (nothing came of all attempts), malformed (an answer that is none), invalid_input;
/// the detail names bucket, key and the service's code, and says what to do.
class S3 {
public:
    /// `http` must outlive it; both are used on one loop.
    S3(HttpClient& http, S3Options options);

    /// "s3://BUCKET/KEY", for people.
    std::string name_of(std::string_view key) const;

    Task<Result<S3Object>> head(std::string key);
    /// The whole object. Also too_large.
    Task<Result<std::string>> get(std::string key, std::size_t most);
    /// A piece, in memory. Also stale: the object is another one.
    Task<Result<std::string>> get_range(std::string key, S3Range range);
    /// Stores an object whole or not at all; gives its ETag.
    Task<Result<std::string>> put(std::string key, std::shared_ptr<const std::string> content,
                                  S3Condition condition = {});
    /// No error when there is none.
    Task<Result<void>> remove(std::string key);

    /// Keys that begin with `prefix`; with `delimiter` those that go on to it are one entry of `folders`.
    Task<Result<S3Page>> list(std::string prefix, std::string delimiter, std::string from);

    /// Upload in parts, of which each but the last has 5 MiB or more; it is there with complete_upload()
    /// alone.
    Task<Result<std::string>> begin_upload(std::string key);
    Task<Result<S3Part>> put_part(S3Upload upload, int number, std::shared_ptr<const std::string> content);
    Task<Result<void>> complete_upload(S3Upload upload, std::vector<S3Part> parts);
    Task<Result<void>> abort_upload(S3Upload upload);
    /// Those that are not complete, of keys that begin with `prefix`; from `behind` on, where a page has
    /// named it as the next.
    Task<Result<S3UploadPage>> uploads(std::string prefix, std::optional<S3Upload> behind = std::nullopt);

private:
    struct Call;
    Task<Result<Reply>> send(Call call);
    Outgoing signed_request(const Call& call) const;
    Task<void> pause(int attempt, const Reply& reply);

    HttpClient& http_;
    S3Options options_;
    std::string origin_;  // scheme, host and port
    std::string host_;
    std::string base_;  // path in front of keys
};

}  // namespace bb::client
