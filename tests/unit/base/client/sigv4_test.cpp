#include "base/client/sigv4.hpp"

#include <gtest/gtest.h>

namespace bb::client::sigv4 {
namespace {

const std::string empty_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string signature_of(const Request& request, const Scope& scope, const Credentials& who) {
    const auto text = authorization(request, scope, who);
    return text.substr(text.find("Signature=") + 10);
}

/// One case of AWS's published test suite ("aws-sig-v4-test-suite").
struct Suite {
    const char* name;
    std::string method;
    std::string path;
    Fields query;
    Fields more;  // headers besides Host and X-Amz-Date
    std::string body;
    std::string signature;
};

const std::string unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const Suite suite[] = {
    {"get-vanilla",
     "GET",
     "/",
     {},
     {},
     "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query",
     "GET",
     "/",
     {},
     {},
     "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     {{"Param2", "value2"}, {"Param1", "value1"}},
     {},
     "",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     {{"Param1", "value1"}},
     {},
     "",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     {{unreserved, unreserved}},
     {},
     "",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-unreserved",
     "GET",
     "/" + unreserved,
     {},
     {},
     "",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8",
     "GET",
     "/\xe1\x88\xb4",
     {},
     {},
     "",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-header-key-duplicate",
     "GET",
     "/",
     {},
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     "",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-order",
     "GET",
     "/",
     {},
     {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}},
     "",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"get-header-value-trim",
     "GET",
     "/",
     {},
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     "",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"post-vanilla",
     "POST",
     "/",
     {},
     {},
     "",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-vanilla-query",
     "POST",
     "/",
     {{"Param1", "value1"}},
     {},
     "",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-header-key-sort",
     "POST",
     "/",
     {},
     {{"My-Header1", "value1"}},
     "",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     {},
     {{"Content-Type", "application/x-www-form-urlencoded"}},
     "Param1=value1",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
};

TEST(Sigv4, SignsAsThePublishedTestSuiteDoes) {
    const Credentials who{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
    const Scope scope{"us-east-1", "service", *parse_rfc3339("2015-08-30T12:36:00.000000Z")};
    EXPECT_EQ(amz_date(scope.at), "20150830T123600Z");
    for (const auto& one : suite) {
        Request request{one.method, encode_path(one.path), one.query, one.more, hash(one.body)};
        request.headers.emplace_back("Host", "example.amazonaws.com");
        request.headers.emplace_back("X-Amz-Date", "20150830T123600Z");
        EXPECT_EQ(signature_of(request, scope, who), one.signature) << one.name << '\n'
                                                                    << canonical_request(request);
    }
}

TEST(Sigv4, WritesTheHeaderAndWhatIsSignedAsTheSuiteDoes) {
    const Credentials who{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
    const Scope scope{"us-east-1", "service", *parse_rfc3339("2015-08-30T12:36:00.000000Z")};
    const Request request{
        "GET", "/", {}, {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}}, empty_hash};
    EXPECT_EQ(canonical_request(request),
              "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n" +
                  empty_hash);
    EXPECT_EQ(string_to_sign(request, scope),
              "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
              "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
    EXPECT_EQ(authorization(request, scope, who),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
              "SignedHeaders=host;x-amz-date, "
              "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

/// The examples of the S3 documentation, "Authenticating Requests (AWS Signature Version 4)".
TEST(Sigv4, SignsAsTheExamplesOfS3Do) {
    const std::string key_id = "AKIAIOSFODNN7EXAMPLE";  // theirs, and not a secret
    const Credentials who{key_id, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
    const Scope scope{"us-east-1", "s3", *parse_rfc3339("2013-05-24T00:00:00.000000Z")};
    const auto request = [](std::string method, const std::string& path, Fields query, Fields more,
                            const std::string& body) {
        Request made{std::move(method), encode_path(path), std::move(query), std::move(more), hash(body)};
        made.headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
        made.headers.emplace_back("x-amz-content-sha256", made.payload_hash);
        made.headers.emplace_back("x-amz-date", "20130524T000000Z");
        return made;
    };
    EXPECT_EQ(signature_of(request("GET", "/test.txt", {}, {{"Range", "bytes=0-9"}}, ""), scope, who),
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    EXPECT_EQ(signature_of(request("PUT", "/test$file.text", {},
                                   {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                    {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                                   "Welcome to Amazon S3."),
                           scope, who),
              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    EXPECT_EQ(signature_of(request("GET", "/", {{"lifecycle", ""}}, {}, ""), scope, who),
              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    EXPECT_EQ(signature_of(request("GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, ""), scope, who),
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

}  // namespace
}  // namespace bb::client::sigv4
