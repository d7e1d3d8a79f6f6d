#pragma once
// For the files of the S3 client alone.
#include "base/client/s3.hpp"

namespace bb::client {

/// One request to a bucket, as often as it is sent.
struct S3::Call {
    std::string method;
    std::string key;  ///< empty: the bucket itself
    sigv4::Fields query{};
    sigv4::Fields headers{};
    std::shared_ptr<const std::string> body{};
    std::size_t most = 1 << 20;  ///< bytes of the answer
    bool may_fail_late = false;  ///< status 200 comes before it is known whether it succeeds

    Call(std::string method, std::string key) : method(std::move(method)), key(std::move(key)) {}
};

}  // namespace bb::client
