#include "services/access/origin.hpp"

#include <gtest/gtest.h>

namespace {

using namespace bb;
using http::Method;

TEST(Origin, IsSchemeHostAndPort) {
    struct Case {
        const char* url;
        const char* origin;
    };
    const Case cases[] = {
        {"http://localhost:3000", "http://localhost:3000"},
        {"HTTPS://School.Example/", "https://school.example"},
        {"https://school.example:443/path?x#y", "https://school.example"},
        {"http://school.example:80", "http://school.example"},
        {"http://school.example:443", "http://school.example:443"},
        {"http://[::1]:3000/", "http://[::1]:3000"},
        {"null", ""},
        {"", ""},
        {"https://", ""},
        {"file:///etc/passwd", ""},
        {"https://school.example@evil.example", ""},
        {"https://school.example, https://evil.example", ""},
    };
    for (const auto& c : cases) EXPECT_EQ(access::origin_of_url(c.url), c.origin) << c.url;
}

struct Case {
    const char* name;
    Method method;
    const char* origin;
    const char* site;
    const char* host;
    bool passes;
};

constexpr Case cases[] = {
    // Reading is free.
    {"get from anywhere", Method::get, "https://evil.example", "cross-site", "school.example", true},
    {"head from anywhere", Method::head, "https://evil.example", "cross-site", "school.example", true},
    {"options from anywhere", Method::options, "https://evil.example", "cross-site", "school.example", true},
    // No browser.
    {"a tool", Method::post, "", "", "school.example", true},
    {"a tool, deleting", Method::del, "", "", "127.0.0.1:3000", true},
    // Our own pages.
    {"the public address", Method::post, "https://school.example", "same-origin", "inner:3000", true},
    {"an old browser", Method::patch, "https://school.example", "", "school.example", true},
    {"a browser that hides its origin", Method::post, "", "same-origin", "school.example", true},
    {"the host asked", Method::post, "http://192.168.1.5:3000", "same-origin", "192.168.1.5:3000", true},
    {"the host asked, behind TLS", Method::post, "https://lan.example", "same-origin", "lan.example", true},
    {"the standard port spelled out", Method::post, "https://lan.example", "", "lan.example:443", true},
    {"in capitals", Method::post, "HTTPS://SCHOOL.EXAMPLE", "", "x", true},
    // Others.
    {"another site", Method::post, "https://evil.example", "cross-site", "school.example", false},
    {"another site, old browser", Method::post, "https://evil.example", "", "school.example", false},
    {"a neighbour host", Method::post, "https://blog.school.example", "same-site", "school.example", false},
    {"a neighbour host without origin", Method::put, "", "same-site", "school.example", false},
    {"another site without origin", Method::del, "", "cross-site", "school.example", false},
    {"nobody's page", Method::post, "", "none", "school.example", false},
    {"a sandboxed frame", Method::post, "null", "", "school.example", false},
    {"another port", Method::post, "https://school.example:8443", "", "school.example", false},
    {"the public host without TLS", Method::post, "http://school.example", "", "inner:3000", false},
    {"a longer host", Method::post, "https://school.example.evil.example", "", "school.example", false},
    {"a user name", Method::post, "https://school.example@evil.example", "", "school.example", false},
    {"a forged pair", Method::post, "https://evil.example", "same-origin", "school.example", false},
    {"an unknown method", Method::other, "https://evil.example", "", "school.example", false},
};

TEST(Origin, DecidesWhoMayChangeSomething) {
    for (const auto& c : cases) {
        http::Request request;
        request.method = c.method;
        request.headers = {{"host", c.host}};
        if (*c.origin) request.headers.emplace_back("origin", c.origin);
        if (*c.site) request.headers.emplace_back("sec-fetch-site", c.site);
        EXPECT_EQ(!access::refuse_origin(request, "https://school.example/"), c.passes) << c.name;
    }
}

TEST(Origin, NeedsNoPublicAddress) {
    http::Request request;
    request.method = Method::post;
    request.headers = {{"host", "localhost:3000"}, {"origin", "http://localhost:3000"}};
    EXPECT_FALSE(access::refuse_origin(request, ""));
    request.headers[1].second = "http://127.0.0.1:3000";
    EXPECT_TRUE(access::refuse_origin(request, ""));
}

}  // namespace
