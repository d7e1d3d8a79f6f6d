#include "base/client/s3.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "unit/support/fake_upstream.hpp"

namespace bb::client {
namespace {

using namespace std::chrono_literals;
using test::FakeUpstream;
using test::Socket;

/// A service that answers one prepared text after the other, the last of them again and again. Nothing, or
/// what stands behind "CUT:", and the connection is closed.
class S3Test : public testing::Test {
protected:
    boost::asio::io_context loop{1};
    Executor executor = loop.get_executor();
    HttpClient http{executor};
    std::vector<std::string> answers;
    std::vector<std::string> requests;
    std::chrono::milliseconds think{0};
    FakeUpstream upstream{executor, [this](Socket& socket, std::string request) -> Task<void> {
                              requests.push_back(std::move(request));
                              auto text = answers[std::min(requests.size(), answers.size()) - 1];
                              const bool cut = text.empty() || text.starts_with("CUT:");
                              if (cut && !text.empty()) text.erase(0, 4);
                              if (think.count() > 0) co_await test::pause(think);
                              if (!text.empty()) co_await test::say(socket, std::move(text));
                              if (cut) socket.close();
                          }};

    S3Options options() const {
        S3Options made;
        made.bucket = "school";
        made.region = "eu-central-1";
        made.endpoint = upstream.url("");
        made.credentials = {"KEY", "SECRET", ""};
        made.attempts = 3;
        made.first_pause = made.longest_pause = 2ms;
        made.longest_asked = 20ms;
        return made;
    }

    template <class T>
    Result<T> wait(Task<Result<T>> task) {
        std::optional<Result<T>> result;
        auto work = [&]() -> Task<void> {
            result.emplace(co_await std::move(task));
        };
        test::run(loop, work());
        return std::move(*result);
    }

    static std::string fault(int status, std::string_view code, std::string_view more = {}) {
        std::string body = "<?xml version=\"1.0\"?>\n<Error><Code>";
        body.append(code).append("</Code><Message>Because.</Message>").append(more).append("</Error>");
        return test::response(status, body);
    }
    static std::shared_ptr<const std::string> text(std::string content) {
        return std::make_shared<const std::string>(std::move(content));
    }
};

TEST_F(S3Test, SignsWhatItSends) {
    answers = {test::response(200, "", "ETag: \"e1\"\r\n")};
    S3 s3(http, options());
    const auto etag = wait(s3.put("a b/\xC3\xA9", text("hello")));
    ASSERT_TRUE(etag) << etag.error().detail;
    EXPECT_EQ(*etag, "\"e1\"");
    const auto& request = requests.at(0);
    EXPECT_TRUE(request.starts_with("PUT /school/a%20b/%C3%A9 HTTP/1.1\r\n")) << request;
    EXPECT_NE(request.find("X-Amz-Content-Sha256: " + sigv4::hash("hello") + "\r\n"), std::string::npos);
    EXPECT_NE(request.find("Authorization: AWS4-HMAC-SHA256 Credential=KEY/"), std::string::npos);
    EXPECT_NE(
        request.find("/eu-central-1/s3/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;"
                     "x-amz-date, Signature="),
        std::string::npos);
    EXPECT_TRUE(request.ends_with("\r\n\r\nhello"));
    EXPECT_EQ(wait(s3.get("a/../b", 10)).error().code, ErrorCode::invalid_input);
}

TEST_F(S3Test, TheBucketStandsInTheHostWhereItIsAsked) {
    auto by_host = options();
    by_host.addressing = S3Options::Addressing::virtual_host;
    by_host.endpoint = "http://localhost" + by_host.endpoint.substr(by_host.endpoint.rfind(':'));
    by_host.credentials.session_token = "TOKEN";
    answers = {test::response(200, "content")};
    S3 s3(http, by_host);
    const auto got = wait(s3.get("key", 100));
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(*got, "content");
    EXPECT_TRUE(requests.at(0).starts_with("GET /key HTTP/1.1\r\n"));
    EXPECT_NE(requests.at(0).find("Host: school.localhost:"), std::string::npos);
    EXPECT_NE(requests.at(0).find("X-Amz-Security-Token: TOKEN\r\n"), std::string::npos);
}

TEST_F(S3Test, TriesAgainAfterWhatPasses) {
    S3 s3(http, options());
    answers = {test::response(503, "", "Retry-After: 1\r\n"), "", test::response(200, "content")};
    EXPECT_EQ(wait(s3.get("key", 100)).value(), "content");
    EXPECT_EQ(requests.size(), 3u);
    requests.clear();
    answers = {test::response(429, ""), fault(500, "InternalError"), test::response(200, "", "ETag: e\r\n")};
    EXPECT_TRUE(wait(s3.put("key", text("x"))));
    EXPECT_EQ(requests.size(), 3u);
    EXPECT_TRUE(requests.at(2).ends_with("\r\n\r\nx")) << "the body is sent each time";
}

TEST_F(S3Test, GivesUpAfterSoManyAttempts) {
    S3 s3(http, options());
    answers = {test::response(503, "")};
    const auto got = wait(s3.get("key", 100));
    EXPECT_EQ(requests.size(), 3u);
    EXPECT_EQ(got.error().code, ErrorCode::unavailable);
    EXPECT_EQ(
        got.error().detail,
        "s3://school/key: the service is overloaded, and was asked several times. Try again later (503).");
    requests.clear();
    answers = {""};
    EXPECT_EQ(wait(s3.get("key", 100)).error().code, ErrorCode::unavailable);
    EXPECT_GE(requests.size(), 3u) << "libcurl asks once more where it took a kept connection";
}

TEST_F(S3Test, NeverTriesARefusalAgainAndSaysWhatToDo) {
    S3 s3(http, options());
    const struct {
        std::string answer;
        ErrorCode code;
        std::string words;
    } refusals[] = {
        {fault(403, "SignatureDoesNotMatch"), ErrorCode::forbidden,
         "Check S3_SECRET_ACCESS_KEY (403 Signature"},
        {fault(403, "InvalidAccessKeyId"), ErrorCode::forbidden, "Check S3_ACCESS_KEY_ID"},
        {fault(403, "AccessDenied"), ErrorCode::forbidden, "Let it list the bucket"},
        {test::response(403, ""), ErrorCode::forbidden, "the key may not do this"},
        {fault(400, "ExpiredToken"), ErrorCode::forbidden, "Set a new S3_SESSION_TOKEN"},
        {fault(404, "NoSuchBucket"), ErrorCode::invalid_input, "Make it, or correct its name"},
        {fault(404, "NoSuchKey"), ErrorCode::not_found, "no such object"},
        {fault(412, "PreconditionFailed"), ErrorCode::stale, "changed by somebody else"},
        {fault(301, "PermanentRedirect", "<Region>eu-west-1</Region>"), ErrorCode::invalid_input,
         "Set S3_REGION=eu-west-1"},
        {fault(400, "AuthorizationHeaderMalformed", "<Region>us-west-2</Region>"), ErrorCode::invalid_input,
         "Set S3_REGION=us-west-2"},
        {test::response(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>",
                        "Date: Sun, 22 Nov 2020 20:10:00 GMT\r\n"),
         ErrorCode::forbidden, "the clock of this machine is wrong by "},
        {fault(418, "Teapot"), ErrorCode::invalid_input, "(418 Teapot). It says: Because."},
        {fault(501, "NotImplemented"), ErrorCode::method_not_allowed, "cannot do this"},
    };
    for (const auto& refusal : refusals) {
        answers = {refusal.answer};
        requests.clear();
        const auto got = wait(s3.get("key", 100));
        EXPECT_EQ(requests.size(), 1u) << refusal.words;
        EXPECT_EQ(got.error().code, refusal.code) << got.error().detail;
        EXPECT_NE(got.error().detail.find(refusal.words), std::string::npos) << got.error().detail;
        EXPECT_TRUE(got.error().detail.starts_with("s3://school/key: ")) << got.error().detail;
    }
}

TEST_F(S3Test, AnUploadThatStoodStillIsTriedAgain) {
    S3 s3(http, options());
    answers = {fault(400, "RequestTimeout"), test::response(200, "", "ETag: e\r\n")};
    EXPECT_TRUE(wait(s3.put("key", text("x"))));
    EXPECT_EQ(requests.size(), 2u);
    requests.clear();
    answers = {fault(400, "RequestTimeout")};
    EXPECT_EQ(wait(s3.put("key", text("x"))).error().code, ErrorCode::unavailable);
    EXPECT_EQ(requests.size(), 3u);
}

TEST_F(S3Test, AnUploadMayBePutTogetherForLongerThanASilence) {
    auto hurried = options();
    hurried.silence = 1s;
    hurried.late_silence = 60s;
    S3 s3(http, hurried);
    think = 3s;
    answers = {
        test::response(200, "<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>")};
    std::vector<S3Part> parts;
    parts.push_back(S3Part{1, "\"a\""});
    S3Upload upload{"key", "id"};
    EXPECT_TRUE(wait(s3.complete_upload(upload, parts)));
    EXPECT_EQ(requests.size(), 1u);
}

TEST_F(S3Test, AnUploadThatFailsAfterItsStatusIsTriedAgain) {
    S3 s3(http, options());
    answers = {
        fault(200, "InternalError"),
        test::response(200, "<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>")};
    std::vector<S3Part> parts;
    parts.push_back(S3Part{1, "\"a\""});
    S3Upload upload{"key", "id&1"};
    const auto done = wait(s3.complete_upload(upload, parts));
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(requests.size(), 2u);
    EXPECT_TRUE(requests.at(0).starts_with("POST /school/key?uploadId=id%261 HTTP/1.1\r\n"));
    EXPECT_NE(requests.at(1).find("<PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag>"), std::string::npos);
}

TEST_F(S3Test, ReadsListingsAndRefusesWhatIsNone) {
    S3 s3(http, options());
    answers = {test::response(
        200,
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
        "<NextContinuationToken>n+1</NextContinuationToken><Contents><Key>a%20b%2Bc</Key><Size>7</Size>"
        "<ETag>&quot;e&quot;</ETag></Contents><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
        "</ListBucketResult>")};
    const auto page = wait(s3.list("a", "/", ""));
    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_EQ(page->objects.size(), 1u);
    EXPECT_EQ(page->objects[0].key, "a b+c");
    EXPECT_EQ(page->objects[0].bytes, 7u);
    EXPECT_EQ(page->folders, std::vector<std::string>{"p/"});
    EXPECT_EQ(page->next, "n+1");
    EXPECT_TRUE(
        requests.at(0).starts_with("GET /school/?delimiter=%2F&encoding-type=url&list-type=2&prefix=a "));
    for (const char* body : {"", "<html></html>", "{}", "<ListBucketResult>",
                             "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
                             "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents>"
                             "</ListBucketResult>"}) {
        answers = {test::response(200, body)};
        EXPECT_EQ(wait(s3.list("", "", "")).error().code, ErrorCode::malformed) << body;
    }
    answers = {test::response(
        200, "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>")};
    EXPECT_EQ(wait(s3.uploads("")).error().code, ErrorCode::malformed) << "it does not say how it goes on";
    answers = {test::response(200, std::string(200, 'x'))};
    EXPECT_EQ(wait(s3.get("key", 100)).error().code, ErrorCode::too_large);
}

}  // namespace
}  // namespace bb::client
