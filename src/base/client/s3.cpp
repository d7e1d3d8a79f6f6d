#include "base/client/s3.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/client/s3_call.hpp"
#include "base/client/s3_errors.hpp"
#include "base/client/xml.hpp"
#include "base/core/number.hpp"

namespace bb::client {
namespace {

constexpr std::size_t most_answer = most_xml_bytes;

Error misread(const std::string& name, std::string_view why) {
    return Error(ErrorCode::malformed,
                 fmt::format("{}: {}. Is S3_ENDPOINT the address of an S3 service?", name, why));
}

/// Root element of that name. Errors: malformed.
Result<XmlElement> answer_of(const std::string& name, const Reply& reply, std::string_view root) {
    auto xml = parse_xml(reply.body);
    if (!xml) return misread(name, xml.error().detail);
    if (xml->name != root)
        return misread(name, fmt::format("the answer is {} instead of {}", xml->name, root));
    return xml;
}

std::string decoded(std::string_view text, bool is_encoded) {
    if (!is_encoded) return std::string(text);
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned value = 0;
        const auto* first = text.data() + at + 1;
        if (text[at] == '%' && at + 2 < text.size() &&
            std::from_chars(first, first + 2, value, 16).ptr == first + 2) {
            out += static_cast<char>(value);
            at += 2;
        } else {
            out += text[at] == '+' ? ' ' : text[at];
        }
    }
    return out;
}

std::optional<std::uint64_t> size_of(std::string_view digits) {
    const auto number = parse_number(digits);
    if (!number || *number < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
}

/// "2026-11-27T18:00:00.000Z" of a listing, to the second.
std::optional<Time> listed_time(std::string_view text) {
    constexpr std::size_t to_the_second = 19;
    if (text.size() <= to_the_second || !text.ends_with('Z')) return std::nullopt;
    return parse_rfc3339(std::string(text.substr(0, to_the_second)) + ".000000Z");
}

std::optional<Time> date_of(const Reply& reply) {
    const auto seconds = curl_getdate(std::string(reply.header("date")).c_str(), nullptr);
    if (seconds < 0) return std::nullopt;
    return Time(std::chrono::seconds(seconds));
}

Result<S3Page> page_of(const std::string& name, const XmlElement& xml) {
    S3Page page;
    const bool encoded = xml.text_of("EncodingType") == "url";
    for (const auto& one : xml.children) {
        if (one.name == "CommonPrefixes") page.folders.push_back(decoded(one.text_of("Prefix"), encoded));
        if (one.name != "Contents") continue;
        const auto bytes = size_of(one.text_of("Size"));
        if (!bytes || !one.child("Key")) return misread(name, "an entry of the listing has no size or key");
        page.objects.push_back(S3Object{decoded(one.text_of("Key"), encoded), *bytes,
                                        std::string(one.text_of("ETag")), std::nullopt,
                                        listed_time(one.text_of("LastModified"))});
    }
    if (xml.text_of("IsTruncated") != "true") return page;
    page.next = xml.text_of("NextContinuationToken");
    if (page.next.empty()) return misread(name, "the listing is cut off and does not say how it goes on");
    return page;
}

Result<S3UploadPage> uploads_of(const std::string& name, const XmlElement& xml, std::optional<Time> now) {
    S3UploadPage page;
    const bool encoded = xml.text_of("EncodingType") == "url";
    for (const auto& one : xml.children) {
        if (one.name != "Upload") continue;
        S3Upload upload{decoded(one.text_of("Key"), encoded), std::string(one.text_of("UploadId"))};
        const auto begun = listed_time(one.text_of("Initiated"));
        if (now && begun) upload.age = std::chrono::duration_cast<std::chrono::seconds>(*now - *begun);
        page.uploads.push_back(std::move(upload));
    }
    if (xml.text_of("IsTruncated") != "true") return page;
    S3Upload next{decoded(xml.text_of("NextKeyMarker"), encoded),
                  std::string(xml.text_of("NextUploadIdMarker"))};
    if (next.key.empty()) return misread(name, "the listing is cut off and does not say how it goes on");
    page.next = std::move(next);
    return page;
}

std::string parts_xml(const std::vector<S3Part>& parts) {
    std::string text = "<CompleteMultipartUpload>";
    for (const auto& part : parts) {
        std::string etag;
        for (const char c : part.etag) etag += c == '"' ? std::string("&quot;") : std::string(1, c);
        text += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", part.number, etag);
    }
    return text + "</CompleteMultipartUpload>";
}

/// An ETag as it may stand in a header and in XML: quotes, and nothing that would have to be written
/// otherwise.
Result<std::string> etag_of(const std::string& name, const Reply& reply) {
    std::string etag(reply.header("etag"));
    if (etag.empty() || etag.find_first_of("<>&\r\n") != std::string::npos)
        return misread(name, "the answer has no usable ETag");
    return etag;
}

std::string range_text(std::uint64_t first, std::uint64_t count) {
    return fmt::format("bytes={}-{}", first, first + count - 1);
}

}  // namespace

Task<Result<S3Object>> S3::head(std::string key) {
    Call call{"HEAD", key};
    const auto reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    const auto bytes = size_of(reply->header("content-length"));
    if (!bytes) co_return misread(name_of(key), "the answer names no size");
    S3Object object{std::move(key), *bytes, std::string(reply->header("etag")), std::nullopt};
    const auto now = curl_getdate(std::string(reply->header("date")).c_str(), nullptr);
    const auto then = curl_getdate(std::string(reply->header("last-modified")).c_str(), nullptr);
    if (now >= 0 && then >= 0) object.age = std::chrono::seconds(now - then);
    co_return object;
}

Task<Result<std::string>> S3::get(std::string key, std::size_t most) {
    Call call{"GET", std::move(key)};
    call.most = most;
    auto reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    co_return std::move(reply->body);
}

Task<Result<std::string>> S3::get_range(std::string key, S3Range range) {
    if (range.count == 0) co_return std::string();
    Call call{"GET", key};
    call.headers.emplace_back("Range", range_text(range.first, range.count));
    if (!range.etag.empty()) call.headers.emplace_back("If-Match", range.etag);
    call.most = range.count;
    auto reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    // 200: a service that gives the whole object, or one that is smaller than the range.
    const bool whole = reply->status == 200 && range.first == 0;
    if (reply->body.size() != range.count || (reply->status != 206 && !whole))
        co_return misread(name_of(key), "another piece came than was asked for");
    co_return std::move(reply->body);
}

Task<Result<std::string>> S3::put(std::string key, std::shared_ptr<const std::string> content,
                                  S3Condition condition) {
    Call call{"PUT", key};
    call.body = std::move(content);
    if (condition.if_none) call.headers.emplace_back("If-None-Match", "*");
    if (!condition.if_etag.empty()) call.headers.emplace_back("If-Match", condition.if_etag);
    const auto reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    co_return etag_of(name_of(key), *reply);
}

Task<Result<void>> S3::remove(std::string key) {
    Call call{"DELETE", std::move(key)};
    const auto reply = co_await send(std::move(call));
    if (!reply && reply.error().code != ErrorCode::not_found) co_return reply.error();
    co_return Result<void>();
}

Task<Result<S3Page>> S3::list(std::string prefix, std::string delimiter, std::string from) {
    Call call{"GET", {}};
    call.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", prefix}};
    if (!delimiter.empty()) call.query.emplace_back("delimiter", std::move(delimiter));
    if (!from.empty()) call.query.emplace_back("continuation-token", std::move(from));
    call.most = most_answer;
    const auto reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    const auto xml = answer_of(name_of(prefix), *reply, "ListBucketResult");
    if (!xml) co_return xml.error();
    auto page = page_of(name_of(prefix), *xml);
    if (page) page->now = date_of(*reply);
    co_return page;
}

Task<Result<std::string>> S3::begin_upload(std::string key) {
    Call call{"POST", key};
    call.query = {{"uploads", ""}};
    const auto reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    const auto xml = answer_of(name_of(key), *reply, "InitiateMultipartUploadResult");
    if (!xml) co_return xml.error();
    std::string id(xml->text_of("UploadId"));
    if (id.empty()) co_return misread(name_of(key), "the answer names no upload");
    co_return id;
}

Task<Result<S3Part>> S3::put_part(S3Upload upload, int number, std::shared_ptr<const std::string> content) {
    Call call{"PUT", upload.key};
    call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload.id}};
    call.body = std::move(content);
    const auto reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    auto etag = etag_of(name_of(upload.key), *reply);
    if (!etag) co_return etag.error();
    co_return S3Part{number, std::move(*etag)};
}

Task<Result<void>> S3::complete_upload(S3Upload upload, std::vector<S3Part> parts) {
    Call call{"POST", upload.key};
    call.query = {{"uploadId", upload.id}};
    call.body = std::make_shared<const std::string>(parts_xml(parts));
    call.may_fail_late = true;
    const auto reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    // The one answer whose root has several names: "...Result" with AWS, "...Response" with others.
    const auto xml = parse_xml(reply->body);
    if (!xml) co_return misread(name_of(upload.key), xml.error().detail);
    if (!xml->name.starts_with("CompleteMultipartUpload"))
        co_return misread(name_of(upload.key), fmt::format("the answer is {}", xml->name));
    co_return Result<void>();
}

Task<Result<void>> S3::abort_upload(S3Upload upload) {
    Call call{"DELETE", upload.key};
    call.query = {{"uploadId", upload.id}};
    const auto reply = co_await send(std::move(call));
    if (!reply && reply.error().code != ErrorCode::not_found) co_return reply.error();
    co_return Result<void>();
}

Task<Result<S3UploadPage>> S3::uploads(std::string prefix, std::optional<S3Upload> behind) {
    Call call{"GET", {}};
    call.query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", prefix}};
    if (behind) {
        call.query.emplace_back("key-marker", std::move(behind->key));
        call.query.emplace_back("upload-id-marker", std::move(behind->id));
    }
    call.most = most_answer;
    const auto reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    const auto xml = answer_of(name_of(prefix), *reply, "ListMultipartUploadsResult");
    if (!xml) co_return xml.error();
    co_return uploads_of(name_of(prefix), *xml, date_of(*reply));
}

}  // namespace bb::client
