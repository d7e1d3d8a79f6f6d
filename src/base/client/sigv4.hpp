#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/core/time.hpp"

namespace bb::client::sigv4 {

/// Who signs.
struct Credentials {
    std::string key_id;
    std::string secret;
    std::string session_token;  ///< of temporary ones; empty: none
};

/// What a signature is good for: one service of one region, at one time.
struct Scope {
    std::string region;
    std::string service;
    Time at;
};

using Fields = std::vector<std::pair<std::string, std::string>>;

/// A request as far as it is signed.
struct Request {
    std::string method;
    std::string path;  ///< as it is sent, see encode_path()
    Fields query;      ///< not encoded
    Fields headers;    ///< all of them are signed; Host and X-Amz-Date must be among them
    std::string payload_hash;
};

/// SHA-256 in hexadecimal.
std::string hash(std::string_view text);

/// Percent-encoding as the signature wants it: everything but letters, digits and "-._~".
std::string encode(std::string_view text);
/// The same for each segment of a path.
std::string encode_path(std::string_view path);
/// "a=1&b=2", encoded and sorted as the signature wants it, and as it may be sent.
std::string encode_query(const Fields& query);

/// 20150830T123600Z: the value of X-Amz-Date.
std::string amz_date(Time at);

/// The three steps of AWS Signature Version 4: the request in one form, what is signed, and the value of the
/// header Authorization.
std::string canonical_request(const Request& request);
std::string string_to_sign(const Request& request, const Scope& scope);
std::string authorization(const Request& request, const Scope& scope, const Credentials& who);

}  // namespace bb::client::sigv4
