#include "features/accounts/secrets.hpp"

#include <gtest/gtest.h>

namespace {

using namespace bb;
using namespace bb::accounts;

TEST(Secrets, KeyedHashIsTheHmacOfRfc4231) {
    EXPECT_EQ(crypto::hex(crypto::hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(crypto::hex(crypto::hmac_sha256(std::string(131, '\xaa'),
                                              "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Secrets, CodeHashDependsOnEachOfItsParts) {
    const auto hash = code_hash("secret", "ana@example.org", "123456");
    EXPECT_EQ(hash, code_hash("secret", "ana@example.org", "123456"));
    EXPECT_NE(hash, code_hash("Secret", "ana@example.org", "123456"));
    EXPECT_NE(hash, code_hash("secret", "ben@example.org", "123456"));
    EXPECT_NE(hash, code_hash("secret", "ana@example.org", "123457"));
}

TEST(Secrets, TokenIsHashedOnlyInItsForm) {
    const auto token = crypto::random_token();
    EXPECT_EQ(token_hash(token), crypto::sha256(token));
    EXPECT_FALSE(token_hash(""));
    EXPECT_FALSE(token_hash(token + "a"));
    EXPECT_FALSE(token_hash(token.substr(1)));
    EXPECT_FALSE(token_hash(token.substr(1) + "="));
    EXPECT_FALSE(token_hash(token.substr(1) + " "));
}

TEST(Secrets, DigestIsReadFromHexadecimal) {
    const auto digest = crypto::sha256("x");
    EXPECT_EQ(parse_digest(crypto::hex(digest)), digest);
    EXPECT_FALSE(parse_digest(""));
    EXPECT_FALSE(parse_digest(crypto::hex(digest).substr(1) + "g"));
    EXPECT_FALSE(parse_digest(crypto::hex(digest) + "0"));
    EXPECT_FALSE(parse_digest("-" + crypto::hex(digest).substr(1)));
}

TEST(Secrets, CodeIsReadAsPeopleTypeIt) {
    EXPECT_EQ(parse_code("123456"), "123456");
    EXPECT_EQ(parse_code(" 123 456 "), "123456");
    EXPECT_EQ(parse_code("123-456"), "123456");
    EXPECT_EQ(parse_code("000000"), "000000");
    for (const char* bad : {"", "12345", "1234567", "12345a", "１２３４５６", "12.456"})
        EXPECT_FALSE(parse_code(bad)) << bad;
}

}  // namespace
