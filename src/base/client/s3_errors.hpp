#pragma once
#include <string>
#include <string_view>

#include "base/client/http_client.hpp"
#include "base/core/error.hpp"

namespace bb::client {

/// What a storage service says of a refusal in its body.
struct S3Fault {
    std::string code;     ///< "NoSuchKey"; empty: it says nothing
    std::string message;  ///< one line, cut short
    std::string region;   ///< where the bucket is
};

/// Reads the body of a refusal; also of a success that turned out to be none.
S3Fault read_s3_fault(std::string_view body);

/// Whether trying again may help: 5xx (but what is not implemented), 429, no answer, a broken connection, an
/// upload that stood still (RequestTimeout, a 400 of AWS).
bool is_passing(const Reply& reply, const S3Fault& fault = {});

/// A refusal or a transfer without an answer as an error. `name`: "s3://BUCKET/KEY".
Error s3_error(std::string_view name, const Reply& reply, const S3Fault& fault);

}  // namespace bb::client
