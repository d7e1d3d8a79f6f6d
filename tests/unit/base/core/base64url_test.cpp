#include "base/core/base64url.hpp"

#include <gtest/gtest.h>

namespace {

using namespace bb::crypto;

TEST(Base64url, GoesThereAndBack) {
    for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"), std::string("foo"),
                                     std::string("\xff\xfe\x00\x3f", 4)})
        EXPECT_EQ(parse_base64url(base64url(bytes)), bytes);
    EXPECT_EQ(base64url("\xff\xfe"), "__4");
}

TEST(Base64url, RefusesOtherForms) {
    for (const char* text : {"Zg==", "Z", "Zm9v+w", "Zm9v/w", "Zm 9v", "Zm9v\n"})
        EXPECT_FALSE(parse_base64url(text)) << text;
}

}  // namespace
