#include "base/http/service.hpp"

#include <zlib.h>

#include "base/http/gzip.hpp"
#include "unit/base/http/server_fixture.hpp"

namespace bb::http {
namespace {

using test::RawClient;

std::string gunzip(const std::string& packed) {
    std::string out(1 << 20, '\0');
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

class Services : public test::ServerTest {
protected:
    std::string who(std::string_view more) { return ask(get("/whoami", more)).body; }
};

TEST_F(Services, HeadHasTheHeaderOfGetAlone) {
    start();
    RawClient client = connect();
    client.send("HEAD /plain HTTP/1.1\r\nHost: a\r\n\r\n" + get("/plain"));
    const auto head = client.read(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-length"), "5");
    EXPECT_EQ(client.read().body, "hello");
}

TEST_F(Services, NameTheAllowedMethods) {
    start();
    const auto answer = ask("POST /things/5 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(answer.status, 405);
    EXPECT_EQ(answer.header("allow"), "GET, HEAD, DELETE");
    EXPECT_EQ(ask("OPTIONS /plain HTTP/1.1\r\nHost: a\r\n\r\n").header("allow"), "GET, HEAD");
    EXPECT_EQ(ask(get("/nowhere")).status, 404);
    EXPECT_EQ(ask("DELETE /things/5 HTTP/1.1\r\nHost: a\r\n\r\n").status, 204);
}

TEST_F(Services, LetTheFallbackAnswerForPages) {
    hooks.fallback = [](const Request& request) {
        return Response(200, "text/html", request.path);
    };
    start();
    EXPECT_EQ(ask(get("/some%20page?x=1")).body, "/some page");
}

TEST_F(Services, AnswerNotModified) {
    start();
    RawClient client = connect();
    const auto first = client.send(get("/list")).read();
    const std::string etag = first.header("etag");
    ASSERT_FALSE(etag.empty());
    for (const std::string& wanted : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")}) {
        const auto again = client.send(get("/list", "If-None-Match: " + wanted + "\r\n")).read();
        EXPECT_EQ(again.status, 304) << wanted;
        EXPECT_EQ(again.header("etag"), etag);
        EXPECT_EQ(again.header("content-length"), "");
    }
    EXPECT_EQ(client.send(get("/list", "If-None-Match: \"x\"\r\n")).read().status, 200);
}

TEST_F(Services, CompressLargeJson) {
    start();
    RawClient client = connect();
    const auto plain = client.send(get("/list")).read();
    EXPECT_EQ(plain.header("vary"), "Accept-Encoding");
    EXPECT_EQ(plain.header("content-encoding"), "");
    const auto packed = client.send(get("/list", "Accept-Encoding: br, GZIP;q=0.5\r\n")).read();
    EXPECT_EQ(packed.header("content-encoding"), "gzip");
    EXPECT_LT(packed.body.size(), 200u);
    EXPECT_EQ(gunzip(packed.body), plain.body);
    EXPECT_EQ(client.send(get("/list", "Accept-Encoding: gzip;q=0\r\n")).read().header("content-encoding"),
              "");
    EXPECT_EQ(client.send(get("/plain", "Accept-Encoding: gzip\r\n")).read().header("content-encoding"), "");
}

TEST_F(Services, DoNotPackLongAnswersOnTheLoopNorWhatIsPacked) {
    RouteOptions open;
    open.access = Access::open;
    router.get(
        "/long",
        [](Request& request) -> Task<Result<Response>> {
            Response response = json_response('"' + std::string(300'000, 'a') + '"');
            if (request.query("packed")) {
                response.body = gzip(response.body + std::string(2000, ' '));
                response.header("Content-Encoding", "gzip");
            }
            co_return response;
        },
        open);
    start();
    RawClient client = connect();
    const auto plain = client.send(get("/long", "Accept-Encoding: gzip\r\n")).read();
    EXPECT_EQ(plain.header("content-encoding"), "");
    EXPECT_EQ(plain.header("vary"), "Accept-Encoding");
    EXPECT_EQ(plain.body.size(), 300'002u);
    const auto packed = client.send(get("/long?packed=1", "Accept-Encoding: gzip\r\n")).read();
    EXPECT_EQ(packed.header("content-encoding"), "gzip");
    EXPECT_EQ(gunzip(packed.body).size(), 302'002u);
}

TEST_F(Services, TurnFailuresIntoProblems) {
    start();
    const auto conflict = ask(get("/fail"));
    EXPECT_EQ(conflict.status, 409);
    EXPECT_NE(conflict.body.find("\"detail\":\"Already there.\""), std::string::npos);
    const auto bug = ask(get("/fail?how=bug"));
    EXPECT_EQ(bug.status, 500);
    EXPECT_EQ(bug.body.find("secret"), std::string::npos);
    EXPECT_NE(bug.body.find(bug.header("x-request-id")), std::string::npos);
    EXPECT_EQ(ask(get("/fail?how=odd")).status, 500);
    const auto away = ask(get("/fail?how=away"));
    EXPECT_EQ(away.status, 503);
    EXPECT_FALSE(away.header("retry-after").empty());
}

TEST_F(Services, SayWhatTheMachineIsShortOf) {
    start();
    const auto full = ask(get("/fail?how=full"));
    EXPECT_EQ(full.status, 503);
    EXPECT_EQ(full.header("retry-after"), "1");
    EXPECT_NE(full.body.find("The server is busy"), std::string::npos);
    const auto disk = ask(get("/fail?how=disk"));
    EXPECT_EQ(disk.status, 503);
    EXPECT_FALSE(disk.header("retry-after").empty());
    EXPECT_NE(disk.body.find("disk is full"), std::string::npos);
}

TEST_F(Services, AskForASessionBeforeTheBody) {
    start();
    const std::string post = "POST /closed HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n";
    EXPECT_EQ(ask(post + "\r\n{}").status, 401);
    EXPECT_EQ(ask(post + "Cookie: x=y; brainbytes_session=good\r\n\r\n{}").status, 200);
    EXPECT_EQ(ask(post + "Cookie: brainbytes_session=bad\r\n\r\n{}").status, 401);
}

TEST_F(Services, RefuseForeignOriginsForUnsafeMethodsOnly) {
    hooks.refuse_origin = [](const Request& request) -> std::optional<std::string> {
        if (request.header("origin") == "https://evil.example") return "Not from there.";
        return std::nullopt;
    };
    start();
    EXPECT_EQ(ask("POST /echo HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\n\r\n").status, 403);
    EXPECT_EQ(ask("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
    EXPECT_EQ(ask(get("/plain", "Origin: https://evil.example\r\n")).status, 200);
}

TEST_F(Services, KeepAdministratorsRoutesForThem) {
    router.get(
        "/admin", [](Request&) -> Task<Result<Response>> { co_return no_content(); },
        RouteOptions{Access::administrator, 1024, {}});
    start();
    EXPECT_EQ(ask(get("/admin")).status, 401);
    EXPECT_EQ(ask(get("/admin", "Cookie: brainbytes_session=good\r\n")).status, 403);
}

TEST_F(Services, SendSomeAwayWhenSaturated) {
    service_options.max_in_flight = 2;
    router.get(
        "/livez", [](Request&) -> Task<Result<Response>> { co_return no_content(); },
        RouteOptions{Access::open, 1024, {}});
    start();
    RawClient first = connect(), second = connect();
    first.send(get("/slow?ms=300"));
    second.send(get("/slow?ms=300"));
    EXPECT_TRUE(until([this]() { return server->busy() == 2; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    const auto refused = ask(get("/plain"));
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.header("retry-after"), "1");
    EXPECT_EQ(ask(get("/livez")).status, 204);
    EXPECT_EQ(first.read().status, 200);
    EXPECT_EQ(second.read().status, 200);
    EXPECT_EQ(ask(get("/plain")).status, 200);
}

TEST_F(Services, TrustLoopbackOnlyWithoutAProxy) {
    start();
    EXPECT_EQ(who(""), "127.0.0.1 loopback");
    for (const char* header : {"X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "X-Real-IP: 1.2.3.4",
                               "X-Forwarded-Proto: https", "X-Forwarded-Host: a", "Via: 1.1 proxy"})
        EXPECT_EQ(who(std::string(header) + "\r\n"), "127.0.0.1") << header;
}

TEST_F(Services, BelieveTrustedProxiesOnly) {
    service_options.trusted_proxies = net::NetworkList::parse("127.0.0.1, 10.0.0.0/8").value();
    start();
    EXPECT_EQ(who(""), "127.0.0.1");
    EXPECT_EQ(who("X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"), "203.0.113.9 secure");
    // What stands to the left of the last stranger is his own word.
    EXPECT_EQ(who("X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.1.1.1\r\n"), "203.0.113.9");
    EXPECT_EQ(who("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.9\r\n"), "203.0.113.9");
    EXPECT_EQ(who("X-Forwarded-For: 6.6.6.6, garbage\r\n"), "127.0.0.1");
    EXPECT_EQ(who("X-Forwarded-For: 10.2.2.2, 10.1.1.1\r\n"), "10.2.2.2");
}

TEST_F(Services, CountRequestsByTemplate) {
    start();
    ask(get("/things/1"));
    ask(get("/things/2"));
    ask(get("/api/nowhere"));
    ask("nonsense\r\n\r\n");
    const std::string text = metrics.prometheus_text();
    EXPECT_NE(
        text.find(R"(brainbytes_http_requests_total{method="GET",route="/things/{id}",status="200"} 2)"),
        std::string::npos);
    EXPECT_NE(text.find(R"(route="unmatched",status="404"} 1)"), std::string::npos);
    EXPECT_NE(text.find(R"(method="OTHER",route="unreadable",status="400"} 1)"), std::string::npos);
    EXPECT_EQ(text.find("/things/1"), std::string::npos);
}

TEST_F(Services, SendStrictTransportSecurityOnHttps) {
    service_options.public_https = true;
    start();
    EXPECT_FALSE(ask(get("/plain")).header("strict-transport-security").empty());
}

}  // namespace
}  // namespace bb::http
