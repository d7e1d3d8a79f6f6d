#include <gtest/gtest.h>

#include "base/core/json_reader.hpp"
#include "base/http/gzip.hpp"
#include "base/http/multipart.hpp"
#include "base/http/parser.hpp"
#include "base/http/router.hpp"

namespace bb::http {
namespace {

Handler handler(int status) {
    return [status](Request&) -> Task<Result<Response>> {
        co_return Response(status, "", "");
    };
}

/// The pattern that a path finds, with its parameters: "/a/{id} id=5".
std::string found(const Router& router, std::string path, Method method = Method::get) {
    Request request;
    request.method = method;
    request.path = std::move(path);
    const auto match = router.match(request);
    if (!match.route) return match.allowed.empty() ? "none" : "not allowed";
    std::string out = match.route->pattern;
    for (const auto& [name, value] : request.path_params) out += " " + std::string(name) + "=" + value;
    return out;
}

TEST(Router, FindsTheMostLiteralRoute) {
    Router router;
    for (const char* pattern : {"/", "/a", "/a/{id}", "/a/new", "/a/{id}/parts/{part}", "/a/new/list",
                                "/files/{rest...}", "/files/{id}/info"})
        router.get(pattern, handler(200), {});
    router.post("/a", handler(201), {});
    EXPECT_EQ(found(router, "/"), "/");
    EXPECT_EQ(found(router, "/a"), "/a");
    EXPECT_EQ(found(router, "/a/5"), "/a/{id} id=5");
    EXPECT_EQ(found(router, "/a/new"), "/a/new");
    EXPECT_EQ(found(router, "/a/new/list"), "/a/new/list");
    EXPECT_EQ(found(router, "/a/new/parts/7"), "/a/{id}/parts/{part} id=new part=7");
    EXPECT_EQ(found(router, "/a/1/parts/2"), "/a/{id}/parts/{part} id=1 part=2");
    EXPECT_EQ(found(router, "/files/x/y/z.js"), "/files/{rest...} rest=x/y/z.js");
    EXPECT_EQ(found(router, "/files/x/info"), "/files/{id}/info id=x");
    EXPECT_EQ(found(router, "/files/x/other"), "/files/{rest...} rest=x/other");
    EXPECT_EQ(found(router, "/files"), "/files/{rest...} rest=");
    for (const char* path : {"/b", "/a/", "/a/1/", "/a/1/parts", "//", "/a//parts/2", "/A"})
        EXPECT_EQ(found(router, path), "none") << path;
    EXPECT_EQ(found(router, "/a", Method::post), "/a");
    EXPECT_EQ(found(router, "/a", Method::head), "/a");
    EXPECT_EQ(found(router, "/a", Method::del), "not allowed");
    EXPECT_EQ(found(router, "/a", Method::other), "not allowed");
    EXPECT_EQ(found(Router(), "/a"), "none");
    EXPECT_THROW(router.get("/a", handler(200), {}), std::logic_error);
}

TEST(Gzip, AcceptsWhatIsNamed) {
    EXPECT_TRUE(accepts_coding("gzip", "gzip"));
    EXPECT_TRUE(accepts_coding("br;q=1.0, gzip;q=0.8", "gzip"));
    EXPECT_TRUE(accepts_coding("*", "gzip"));
    EXPECT_TRUE(accepts_coding("Gzip", "gzip"));
    EXPECT_TRUE(accepts_coding("gzip;q=0.001", "gzip"));
    EXPECT_FALSE(accepts_coding("", "gzip"));
    EXPECT_FALSE(accepts_coding("identity", "gzip"));
    EXPECT_FALSE(accepts_coding("gzip;q=0", "gzip"));
    EXPECT_FALSE(accepts_coding("gzip;Q=0.000", "gzip"));
    EXPECT_FALSE(accepts_coding("gzip;q=0, *", "gzip"));
    EXPECT_FALSE(accepts_coding("*;q=0", "gzip"));
    EXPECT_FALSE(accepts_coding("gzipped", "gzip"));
    EXPECT_FALSE(accepts_coding(", ,;", "gzip"));
}

const std::string form = "multipart/form-data; boundary=XX";

TEST(Multipart, SplitsParts) {
    const std::string body =
        "preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nHello\r\n"
        "--XX\r\ncontent-disposition: form-data; name=file; filename=\"C:\\dir\\a \\\"b\\\".txt\"\r\n"
        "Content-Type: text/plain\r\n\r\nline\r\n--X\r\nmore\r\n--XX\r\n"
        "Content-Disposition: form-data; name=\"e\"\r\n\r\n\r\n--XX--\r\nepilogue";
    const auto parts = parse_multipart(form, body);
    ASSERT_TRUE(parts) << parts.error().detail;
    ASSERT_EQ(parts->size(), 3u);
    EXPECT_EQ((*parts)[0].name, "title");
    EXPECT_EQ((*parts)[0].content, "Hello");
    EXPECT_EQ((*parts)[1].name, "file");
    EXPECT_EQ((*parts)[1].file_name, "a \"b\".txt");
    EXPECT_EQ((*parts)[1].media_type, "text/plain");
    EXPECT_EQ((*parts)[1].content, "line\r\n--X\r\nmore");
    EXPECT_EQ((*parts)[2].content, "");
    EXPECT_TRUE(parse_multipart("Multipart/Form-Data; charset=x; boundary=\"X X\"", "--X X--")->empty());
    // A preamble of exactly the length of the delimiter.
    EXPECT_EQ(parse_multipart(form, "abcd\r\n--XX\r\n\r\nx\r\n--XX--")->size(), 1u);
}

TEST(Multipart, RefusesWhatIsBroken) {
    const auto code = [](std::string_view type, std::string_view body) {
        return parse_multipart(type, body).error().code;
    };
    EXPECT_EQ(code("application/json", "{}"), ErrorCode::wrong_type);
    EXPECT_EQ(code("", ""), ErrorCode::wrong_type);
    for (const std::string& type :
         {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
          "multipart/form-data; boundary=" + std::string(71, 'x')})
        EXPECT_EQ(code(type, "--XX--"), ErrorCode::malformed) << type;
    for (const std::string& body :
         {std::string(), std::string("--XX"), std::string("--XX\r\n"), std::string("--XX\r\n\r\nno end"),
          std::string("--XXjunk\r\n\r\nx\r\n--XX--"), std::string("--XX\r\nno empty line\r\n--XX--"),
          "--XX\r\n" + std::string("A: b\r\n", 6) + "\r\n--X",
          std::string("--XX\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nx\r\n--XX--"),
          std::string("--XX\r\nContent-Disposition: form-data; filename=\"a\0b\"\r\n\r\nx\r\n--XX--", 62)})
        EXPECT_EQ(code(form, body), ErrorCode::malformed) << body;
    std::string lines = "--XX\r\n", parts;
    for (int i = 0; i < 30; ++i) lines += "A: b\r\n";
    EXPECT_EQ(code(form, lines + "\r\nx\r\n--XX--"), ErrorCode::malformed);
    for (int i = 0; i < 101; ++i) parts += "--XX\r\n\r\nx\r\n";
    EXPECT_EQ(code(form, parts + "--XX--"), ErrorCode::too_large);
}

TEST(Request, ReadsCookiesAndQueries) {
    Request request;
    request.headers = {{"cookie", "a=1; b=two;c=; d"}, {"x", "y"}, {"x", "z"}};
    EXPECT_EQ(request.cookie("a"), "1");
    EXPECT_EQ(request.cookie("b"), "two");
    EXPECT_EQ(request.cookie("c"), "");
    EXPECT_EQ(request.cookie("d"), "");
    EXPECT_EQ(request.header("x"), "y");
    EXPECT_EQ(request.header("none"), "");
    request.query_items = {{"limit", "5"}, {"after", "cursor"}};
    const auto page = page_query(request);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->limit, 5);
    EXPECT_EQ(page->after, "cursor");
    for (const char* bad : {"0", "201", "-1", "x", "5x", "", "99999999999999"}) {
        request.query_items = {{"limit", bad}};
        EXPECT_FALSE(page_query(request)) << bad;
    }
    request.query_items = {{"after", std::string(600, 'x')}};
    EXPECT_FALSE(page_query(request));
    EXPECT_THROW(request.user(), std::logic_error);
}

TEST(Request, ReadsIdsInThePath) {
    Request request;
    const Uuid id = Uuid::make();
    request.path_params = {{"id", id.text()}, {"other", "5"}};
    EXPECT_EQ(request.path_id("id", "thread").value(), id);
    EXPECT_EQ(request.path_id("other", "thread").error().code, ErrorCode::not_found);
    EXPECT_THROW((void)request.path_id("missing", "thread"), std::logic_error);
}

TEST(Request, ReadsJsonBodies) {
    Request request;
    request.body = R"({"a":1})";
    EXPECT_EQ(request.json().error().code, ErrorCode::wrong_type);
    request.headers = {{"content-type", "application/json; charset=utf-8"}};
    EXPECT_TRUE(request.json());
    for (const char* bad : {"", "{", "{\"a\":\"\xff\"}", "nul", "{} x"}) {
        request.body = bad;
        EXPECT_EQ(request.json().error().code, ErrorCode::malformed) << bad;
    }
}

TEST(Response, ProblemsNameTheirFields) {
    std::vector<FieldError> fields;
    fields.push_back({"#/title", "is required"});
    const auto response = problem(Error(ErrorCode::invalid_input, "One field.", fields), "id-1");
    EXPECT_EQ(response.status, 422);
    const auto json = parse_json(response.body).value();
    EXPECT_EQ(json.at("type"), "/problems/invalid-input");
    EXPECT_EQ(json.at("errors").at(0).at("pointer"), "#/title");
    EXPECT_EQ(json.at("requestId"), "id-1");
    EXPECT_EQ(status_of(ErrorCode::rate_limited), 429);
    EXPECT_EQ(created("{}", "/x").headers.back().second, "/x");
    for (const int status : {200, 201, 202, 204, 206, 302, 303, 304, 400, 401, 403, 404, 405, 408,
                             409, 412, 413, 414, 415, 422, 428, 429, 431, 500, 501, 503, 505})
        EXPECT_NE(reason_phrase(status), "Status");
}

TEST(RequestParser, TakesTheBytesOfOneRequestOnly) {
    const std::string two = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\n";
    RequestParser parser;
    std::size_t used = 0;
    EXPECT_EQ(parser.feed(two, used), RequestParser::Step::head);
    EXPECT_EQ(parser.head().target, "/a");
    EXPECT_TRUE(parser.head().has_body);
    parser.limit_body(10);
    std::size_t body = 0;
    EXPECT_EQ(parser.feed(std::string_view(two).substr(used), body), RequestParser::Step::done);
    EXPECT_EQ(body, 2u);
    EXPECT_EQ(parser.take_body(), "hi");
    EXPECT_EQ(parser.failure_status(), 0);
}

}  // namespace
}  // namespace bb::http
