#include "unit/base/http/server_fixture.hpp"

namespace bb::http {
namespace {

struct Odd {
    const char* name;
    std::string bytes;
    int status;
};

const std::string host = "Host: a\r\n";

/// Requests in which two readers could see different things. Each gets the strict answer.
std::vector<Odd> odd_requests() {
    const std::string post = "POST /echo HTTP/1.1\r\n" + host;
    std::string many_trailers;
    for (int i = 0; i < 10; ++i) many_trailers += "X: " + std::string(2000, 'y') + "\r\n";
    const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
    return {
        {"ContentLengthAndChunked", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"ChunkedAndContentLength", post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
         400},
        {"TwoContentLengths", post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400},
        {"TwoEqualContentLengths", post + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400},
        {"ContentLengthList", post + "Content-Length: 4, 4\r\n\r\nabcd", 400},
        {"ContentLengthPlus", post + "Content-Length: +0\r\n\r\n", 400},
        {"ContentLengthMinus", post + "Content-Length: -1\r\n\r\n", 400},
        {"ContentLengthHex", post + "Content-Length: 0x0\r\n\r\n", 400},
        {"ContentLengthEmpty", post + "Content-Length: \r\n\r\n", 400},
        {"ContentLengthTooLong", post + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
        {"BareLineFeeds", "GET /plain HTTP/1.1\nHost: a\n\n", 400},
        {"BareLineFeedInHeader", "GET /plain HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
        {"BareCarriageReturn", "GET /plain HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400},
        {"SpaceBeforeColon", "GET /plain HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        {"TabInName", "GET /plain HTTP/1.1\r\nHost: a\r\nX\tY: a\r\n\r\n", 400},
        {"NoName", "GET /plain HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", 400},
        {"NulInValue", "GET /plain HTTP/1.1\r\nHost: a\r\nX: a" + std::string(1, '\0') + "b\r\n\r\n", 400},
        {"ControlInValue",
         "GET /plain HTTP/1.1\r\nHost: a\r\nX: a\x01"
         "b\r\n\r\n",
         400},
        {"FoldedLine", "GET /plain HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
        {"FoldedFirstLine", "GET /plain HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"TransferEncodingTwice",
         post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"UnknownTransferCoding", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
        {"TransferCodingList", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"TransferCodingIdentity", post + "Transfer-Encoding: identity\r\n\r\n", 501},
        {"NoHost", "GET /plain HTTP/1.1\r\n\r\n", 400},
        {"TwoHosts", "GET /plain HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"HostWithSpace", "GET /plain HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"HostWithSlash", "GET /plain HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"ChunkSizeOverflow", chunked + "fffffffffffffffff\r\nabc\r\n0\r\n\r\n", 400},
        {"ChunkSizeNegative", chunked + "-1\r\nabc\r\n0\r\n\r\n", 400},
        {"ChunkSizePrefix", chunked + "0x3\r\nabc\r\n0\r\n\r\n", 400},
        {"ChunkSizeBareLineFeed", chunked + "3\nabc\n0\n\n", 400},
        {"ChunkWithoutLineEnd", chunked + "3\r\nabcX\r\n0\r\n\r\n", 400},
        {"ChunkTooLarge", chunked + "fffff\r\n" + std::string(2000, 'x'), 413},
        {"DeclaredBodyTooLarge", post + "Content-Length: 1001\r\n\r\n", 413},
        {"HeaderTooLarge",
         "GET /plain HTTP/1.1\r\n" + host + "X: " + std::string(17 * 1024, 'x') + "\r\n\r\n", 431},
        {"HeaderWithoutEnd", "GET /plain HTTP/1.1\r\n" + host + "X: " + std::string(20 * 1024, 'x'), 431},
        {"TargetTooLong", "GET /" + std::string(8 * 1024, 'x') + " HTTP/1.1\r\n" + host + "\r\n", 414},
        {"TargetFarTooLong", "GET /" + std::string(40 * 1024, 'x') + " HTTP/1.1\r\n" + host + "\r\n", 414},
        {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"Http09", "GET /plain\r\n\r\n", 400},
        {"Http3", "GET /plain HTTP/3.0\r\n" + host + "\r\n", 505},
        {"LowerCaseVersion", "GET /plain http/1.1\r\n" + host + "\r\n", 400},
        {"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(600, '\0'),
         400},
        {"NoStartLine", "\r\n\r\n", 400},
        {"SpaceInTarget", "GET /pla in HTTP/1.1\r\n" + host + "\r\n", 400},
        {"TwoSpaces", "GET  /plain HTTP/1.1\r\n" + host + "\r\n", 400},
        {"RelativeTarget", "GET plain HTTP/1.1\r\n" + host + "\r\n", 400},
        {"Authority", "CONNECT example.com:443 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"Asterisk", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 400},
        {"BrokenPercent", "GET /plain%4 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"PercentNul", "GET /plain%00 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"PercentNotUtf8", "GET /plain%ff HTTP/1.1\r\n" + host + "\r\n", 400},
        {"QueryNotUtf8", "GET /plain?a=%c3%28 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"ChunkedInHttp10", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"AbsoluteForm", "GET http://a/plain HTTP/1.1\r\n" + host + "\r\n", 200},
        {"Http10", "GET /plain HTTP/1.0\r\n\r\n", 200},
        {"Fragment", "GET /plain#x HTTP/1.1\r\n" + host + "\r\n", 200},
        {"ChunkExtension", chunked + "3;a=b\r\nabc\r\n0\r\n\r\n", 200},
        {"EmptyChunks", chunked + "0\r\n\r\n", 200},
        {"EmptyChunksWithExtension", chunked + "000;a=b\r\n\r\n", 200},
        {"ChunkSizeEmpty", chunked + "\r\nabc\r\n0\r\n\r\n", 400},
        {"ChunkSizeSpace", chunked + "3 \r\nabc\r\n0\r\n\r\n", 400},
        {"ChunkBareCarriageReturn", chunked + "3\rX\nabc\r\n0\r\n\r\n", 400},
        {"TrailerWithoutColon", chunked + "0\r\nX\r\n\r\n", 400},
        {"TrailerFolded", chunked + "0\r\nX: y\r\n z: a\r\n\r\n", 400},
        {"TrailersTooLarge", chunked + "0\r\n" + many_trailers + "\r\n", 400},
        {"Trailer", chunked + "3\r\nabc\r\n0\r\nX: y\r\n\r\n", 200},
        {"UpperCaseCoding", post + "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200},
        {"UnknownMethod", "BREW /plain HTTP/1.1\r\n" + host + "\r\n", 405},
    };
}

class OddRequests : public test::ServerTest {};

TEST_F(OddRequests, GetTheStrictAnswer) {
    start();
    for (const Odd& odd : odd_requests()) {
        SCOPED_TRACE(odd.name);
        test::RawClient client = connect();
        client.send(odd.bytes);
        const auto answer = client.read();
        EXPECT_EQ(answer.status, odd.status);
        if (answer.status < 400 || answer.status == 405) continue;
        EXPECT_EQ(answer.header("content-type"), "application/problem+json");
        EXPECT_FALSE(answer.header("x-request-id").empty());
        EXPECT_NE(answer.body.find("\"status\":" + std::to_string(odd.status)), std::string::npos)
            << answer.body;
        // A request that could not be told from the next one ends its connection.
        const bool readable = odd.status == 400 && answer.body.find("/problems/") != std::string::npos;
        if (readable) continue;
        EXPECT_EQ(answer.header("connection"), "close");
        client.finish_sending();
        EXPECT_TRUE(client.closed());
    }
}

TEST_F(OddRequests, AreTheSameByteByByte) {
    start();
    for (const Odd& odd : odd_requests()) {
        if (odd.bytes.size() > 700) continue;
        SCOPED_TRACE(odd.name);
        test::RawClient client = connect();
        for (const char c : odd.bytes) client.send(std::string_view(&c, 1));
        EXPECT_EQ(client.read().status, odd.status);
    }
}

TEST_F(OddRequests, MoreThanAHundredFieldsAreRefused) {
    start();
    std::string fields;
    for (int i = 0; i < 99; ++i) fields += "X" + std::to_string(i) + ": y\r\n";
    EXPECT_EQ(ask("GET /plain HTTP/1.1\r\n" + host + fields + "\r\n").status, 200);
    EXPECT_EQ(ask("GET /plain HTTP/1.1\r\n" + host + fields + "One: more\r\n\r\n").status, 431);
}

TEST_F(OddRequests, ATrailerIsNotAHeader) {
    start();
    test::RawClient client = connect();
    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nCookie: "
        "brainbytes_session=good\r\n\r\n");
    EXPECT_EQ(client.read().status, 200);
    client.send(
        "POST /closed HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nCookie: "
        "brainbytes_session=good\r\n\r\n");
    EXPECT_EQ(client.read().status, 401);
}

}  // namespace
}  // namespace bb::http
