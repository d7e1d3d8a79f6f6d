#include "base/client/s3_errors.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

#include "base/client/xml.hpp"
#include "base/core/utf8.hpp"

namespace bb::client {
namespace {

constexpr std::size_t shown = 200;

std::string one_line(std::string_view text) {
    std::string line(text.substr(0, shown));
    for (char& c : line)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    return utf8::valid(line) ? line : std::string();
}

/// What to do about a code; `what`: why, for people.
struct Known {
    std::string_view code;
    ErrorCode error;
    std::string_view what;
};

constexpr Known known[] = {
    {"SignatureDoesNotMatch", ErrorCode::forbidden,
     "the secret does not belong to the key id. Check S3_SECRET_ACCESS_KEY"},
    {"InvalidAccessKeyId", ErrorCode::forbidden,
     "the service does not know this key id. Check S3_ACCESS_KEY_ID and S3_ENDPOINT"},
    {"ExpiredToken", ErrorCode::forbidden,
     "the session token has expired. Set a new S3_SESSION_TOKEN, with its key id and secret"},
    {"InvalidToken", ErrorCode::forbidden,
     "the session token is not one of this key. Check S3_SESSION_TOKEN, which is unset for lasting keys"},
    {"NoSuchBucket", ErrorCode::invalid_input,
     "there is no such bucket. Make it, or correct its name or S3_ENDPOINT"},
    {"InvalidBucketName", ErrorCode::invalid_input, "no bucket can have this name. Correct it"},
    {"NoSuchKey", ErrorCode::not_found, "there is no such object"},
    {"NoSuchUpload", ErrorCode::not_found, "this upload was ended or aborted by somebody else"},
    {"PreconditionFailed", ErrorCode::stale, "it was changed by somebody else meanwhile"},
    {"ConditionalRequestConflict", ErrorCode::stale, "it is being changed by somebody else"},
    {"RequestTimeout", ErrorCode::unavailable,
     "the service waited for data in vain, several times. Check the network, and try again"},
    {"NotImplemented", ErrorCode::method_not_allowed, "the service cannot do this"},
    {"EntityTooLarge", ErrorCode::too_large, "it is larger than the service takes"},
    {"QuotaExceeded", ErrorCode::invalid_input, "there is no room left for this key. Remove something there"},
    {"XMinioStorageFull", ErrorCode::invalid_input, "the service's disks are full. Make room there"},
    {"AccessDenied", ErrorCode::forbidden,
     "the key may not do this. Let it list the bucket, and read, write and delete its objects"},
};

const Known* find(std::string_view code) {
    for (const auto& one : known)
        if (one.code == code) return &one;
    return nullptr;
}

/// "12 minutes", by the date that the server gave.
std::string clock_difference(const Reply& reply) {
    const std::string date(reply.header("date"));
    const auto theirs = curl_getdate(date.c_str(), nullptr);
    if (theirs < 0) return "more than the service accepts";
    const auto seconds = std::llabs(static_cast<long long>(std::time(nullptr)) - theirs);
    return seconds < 120 ? fmt::format("{} seconds", seconds) : fmt::format("{} minutes", seconds / 60);
}

Error no_answer(std::string_view name, const Reply& reply) {
    const bool passing = is_passing(reply);
    const auto code = reply.failure == Failure::too_large ? ErrorCode::too_large : ErrorCode::unavailable;
    return Error(
        code, fmt::format("{}: {}{}.{}", name,
                          reply.failure == Failure::too_large ? "it is too large: " : "no answer: ",
                          reply.detail, passing ? " Check S3_ENDPOINT and the network, and try again" : ""));
}

bool is_elsewhere(const Reply& reply, const S3Fault& fault) {
    return reply.status == 301 || fault.code == "PermanentRedirect" ||
           fault.code == "AuthorizationHeaderMalformed" || fault.code == "IllegalLocationConstraintException";
}

ErrorCode code_of(int status) {
    if (status == 403 || status == 401) return ErrorCode::forbidden;
    if (status == 404) return ErrorCode::not_found;
    if (status == 412 || status == 409) return ErrorCode::stale;
    if (status >= 500 || status == 429) return ErrorCode::unavailable;
    return ErrorCode::invalid_input;
}

std::string_view words_of(int status) {
    if (status == 401 || status == 403) return find("AccessDenied")->what;
    if (status == 404) return "there is no such object";
    if (status == 412) return find("PreconditionFailed")->what;
    if (status == 429 || status == 503)
        return "the service is overloaded, and was asked several times. Try again later";
    if (status >= 500) return "the service is out of order, and was asked several times. Try again later";
    return "the service refused it";
}

}  // namespace

S3Fault read_s3_fault(std::string_view body) {
    S3Fault fault;
    const auto xml = parse_xml(body);
    if (!xml || xml->name != "Error") return fault;
    fault.code = one_line(xml->text_of("Code"));
    fault.message = one_line(xml->text_of("Message"));
    fault.region = one_line(xml->text_of("Region"));
    return fault;
}

bool is_passing(const Reply& reply, const S3Fault& fault) {
    if (reply.failure)
        return *reply.failure == Failure::connect || *reply.failure == Failure::slow ||
               *reply.failure == Failure::cut;
    if (reply.status == 400 && fault.code == "RequestTimeout") return true;
    return reply.status == 429 || (reply.status >= 500 && reply.status != 501 && reply.status != 507);
}

Error s3_error(std::string_view name, const Reply& reply, const S3Fault& fault) {
    if (reply.failure) return no_answer(name, reply);
    const auto status =
        fault.code.empty() ? std::to_string(reply.status) : fmt::format("{} {}", reply.status, fault.code);
    if (fault.code == "RequestTimeTooSkewed")
        return Error(ErrorCode::forbidden,
                     fmt::format("{}: the clock of this machine is wrong by {} ({}). Set it, "
                                 "as with an NTP service.",
                                 name, clock_difference(reply), status));
    if (is_elsewhere(reply, fault)) {
        const auto header = reply.header("x-amz-bucket-region");
        const auto region = fault.region.empty() ? std::string(header) : fault.region;
        return Error(ErrorCode::invalid_input,
                     fmt::format("{}: the bucket is in another region ({}). Set S3_REGION{}.", name, status,
                                 region.empty() ? " to where it is" : "=" + region));
    }
    const auto* one = find(fault.code);
    const auto what = one ? one->what : words_of(reply.status);
    const auto said =
        one || fault.message.empty() ? std::string() : fmt::format(" It says: {}", fault.message);
    return Error(one ? one->error : code_of(reply.status),
                 fmt::format("{}: {} ({}).{}", name, what, status, said));
}

}  // namespace bb::client
