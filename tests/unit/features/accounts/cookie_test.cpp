#include "features/accounts/cookie.hpp"

#include <gtest/gtest.h>

namespace {

using namespace bb;
using namespace bb::accounts;

http::Request with_cookies(std::string cookies, bool secure) {
    http::Request request;
    request.headers = {{"cookie", std::move(cookies)}};
    request.secure = secure;
    return request;
}

TEST(Cookie, IsOutOfReachOfScriptsAndOtherSites) {
    EXPECT_EQ(set_cookie("abc", false),
              "brainbytes_session=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
}

TEST(Cookie, IsBoundToTheHostOverHttps) {
    EXPECT_EQ(set_cookie("abc", true),
              "__Host-brainbytes_session=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
}

TEST(Cookie, IsDroppedByAnEmptyOneOfNoAge) {
    EXPECT_EQ(clear_cookie(false), "brainbytes_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    EXPECT_EQ(clear_cookie(true),
              "__Host-brainbytes_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
}

TEST(Cookie, OverHttpsAPlainOneCountsForNothing) {
    EXPECT_EQ(token_of(with_cookies("brainbytes_session=planted", true)), "");
    EXPECT_EQ(token_of(with_cookies("brainbytes_session=planted; __Host-brainbytes_session=own", true)),
              "own");
}

TEST(Cookie, OverHttpEitherIsRead) {
    EXPECT_EQ(token_of(with_cookies("a=b; brainbytes_session=plain", false)), "plain");
    EXPECT_EQ(token_of(with_cookies("__Host-brainbytes_session=tool", false)), "tool");
    EXPECT_EQ(token_of(with_cookies("", false)), "");
}

}  // namespace
