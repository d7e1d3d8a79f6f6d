#include "base/client/s3_call.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <stdexcept>

#include "base/client/s3_errors.hpp"
#include "base/core/crypto.hpp"
#include "base/core/number.hpp"
#include "base/net/timer.hpp"

namespace bb::client {
namespace {

constexpr const char* service = "s3";
// A line that carries less than this is too slow for the parts of an upload.
constexpr std::size_t least_bytes_a_second = 32 * 1024;
constexpr std::chrono::seconds at_least{60};
// What a refusal says may be longer than what was asked for.
constexpr std::size_t most_refusal = 64 * 1024;

/// Whether a bucket of this name may stand in a host name beside a certificate for one level.
bool fits_host(std::string_view bucket) {
    return std::all_of(bucket.begin(), bucket.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

/// A key with "." or ".." in it would be another path to a proxy than to the signature.
bool has_dots(std::string_view key) {
    for (std::size_t at = 0; at <= key.size();) {
        const auto end = std::min(key.find('/', at), key.size());
        const auto segment = key.substr(at, end - at);
        if (segment == "." || segment == "..") return true;
        at = end + 1;
    }
    return false;
}

std::chrono::milliseconds asked_for(const Reply& reply) {
    const std::string text(reply.header("retry-after"));
    if (text.empty()) return {};
    if (const auto seconds = parse_number(text); seconds && *seconds >= 0)
        return std::chrono::seconds(std::min<std::int64_t>(*seconds, 3600));
    const auto until = curl_getdate(text.c_str(), nullptr);
    const auto now = std::time(nullptr);
    return std::chrono::seconds(until > now ? std::min<std::int64_t>(until - now, 3600) : 0);
}

}  // namespace

S3::S3(HttpClient& http, S3Options options) : http_(http), options_(std::move(options)) {
    auto endpoint = options_.endpoint;
    if (endpoint.empty())
        endpoint = fmt::format("https://s3.{}.amazonaws.com{}", options_.region,
                               options_.region.starts_with("cn-") ? ".cn" : "");
    while (endpoint.ends_with('/')) endpoint.pop_back();
    const auto start = endpoint.find("://") + 3;
    const auto slash = std::min(endpoint.find('/', start), endpoint.size());
    host_ = endpoint.substr(start, slash - start);
    base_ = endpoint.substr(slash);
    const auto scheme = endpoint.substr(0, start);
    // Clients leave the port of the scheme out of the header, and it is signed.
    const std::string_view usual = scheme == "https://" ? ":443" : ":80";
    if (host_.ends_with(usual)) host_.erase(host_.size() - usual.size());
    const bool by_host = options_.addressing == S3Options::Addressing::virtual_host ||
                         (options_.addressing == S3Options::Addressing::automatic &&
                          options_.endpoint.empty() && fits_host(options_.bucket));
    if (by_host)
        host_ = options_.bucket + "." + host_;
    else
        base_ += "/" + options_.bucket;
    origin_ = scheme + host_;
}

std::string S3::name_of(std::string_view key) const {
    return fmt::format("s3://{}{}{}", options_.bucket, key.empty() ? "" : "/", key);
}

Outgoing S3::signed_request(const Call& call) const {
    const sigv4::Scope scope{options_.region, service, now()};
    sigv4::Request request{call.method, sigv4::encode_path(base_ + "/" + call.key), call.query, call.headers,
                           sigv4::hash(call.body ? std::string_view(*call.body) : std::string_view())};
    request.headers.emplace_back("Host", host_);
    request.headers.emplace_back("X-Amz-Content-Sha256", request.payload_hash);
    request.headers.emplace_back("X-Amz-Date", sigv4::amz_date(scope.at));
    if (call.method == "PUT" || call.method == "POST")
        request.headers.emplace_back("Content-Type", "application/octet-stream");
    if (!options_.credentials.session_token.empty())
        request.headers.emplace_back("X-Amz-Security-Token", options_.credentials.session_token);
    auto query = sigv4::encode_query(call.query);
    Outgoing outgoing(call.method, origin_ + request.path + (query.empty() ? "" : "?") + query);
    outgoing.headers = request.headers;
    outgoing.headers.emplace_back("Authorization",
                                  sigv4::authorization(request, scope, options_.credentials));
    outgoing.shared_body = call.body;
    outgoing.max_bytes = std::max(call.most, most_refusal);
    outgoing.receive_buffer = 64 * 1024;
    outgoing.deadlines.silence = call.may_fail_late ? options_.late_silence : options_.silence;
    const auto bytes = std::max(call.most, call.body ? call.body->size() : 0);
    outgoing.deadlines.whole =
        at_least + outgoing.deadlines.silence + std::chrono::seconds(bytes / least_bytes_a_second);
    return outgoing;
}

Task<void> S3::pause(int attempt, const Reply& reply) {
    auto longest = options_.first_pause;
    for (int i = 0; i < attempt && longest < options_.longest_pause; ++i) longest *= 2;
    longest = std::min(longest, options_.longest_pause);
    std::uint32_t random = 0;
    crypto::random_fill(&random, sizeof random);
    // Between half and the whole of it, so that many that failed together do not come back together.
    auto wait = longest / 2 + (longest / 2) * (random % 1024) / 1024;
    wait = std::max(wait, std::min(asked_for(reply), options_.longest_asked));
    co_await net::sleep_for(std::chrono::duration_cast<std::chrono::milliseconds>(wait));
}

Task<Result<Reply>> S3::send(Call call) {
    const auto name = name_of(call.key);
    if (has_dots(call.key))
        co_return Error(ErrorCode::invalid_input,
                        fmt::format("{}: names with \".\" or \"..\" between slashes "
                                    "cannot be used. Choose another.",
                                    name));
    for (int attempt = 0;; ++attempt) {
        std::string body;
        std::size_t given = 0;
        bool too_much = false;
        Sink keep = [&](int status, std::string_view piece) {
            if (status < 300) {
                given += piece.size();
                too_much = given > call.most;
                if (too_much) return Heard::stop;
            }
            body.append(piece);
            return Heard::progress;
        };
        auto request = signed_request(call);
        auto reply = co_await http_.stream(std::move(request), std::move(keep), nullptr);
        reply.body = std::move(body);
        if (too_much) reply.failure = Failure::too_large;
        S3Fault fault;
        if (!reply.failure && (reply.status >= 300 || call.may_fail_late)) fault = read_s3_fault(reply.body);
        const bool late = reply.status == 200 && !fault.code.empty();
        if (late) reply.status = 500;
        if (!reply.failure && reply.status < 300) co_return reply;
        if (!is_passing(reply, fault) || attempt + 1 >= options_.attempts)
            co_return s3_error(name, reply, fault);
        co_await pause(attempt, reply);
    }
}

}  // namespace bb::client
