#include "base/core/number.hpp"

#include <gtest/gtest.h>

namespace {

using bb::parse_number;

TEST(ParseNumber, TakesAWholeTextThatFitsAndNothingElse) {
    EXPECT_EQ(parse_number("0"), 0);
    EXPECT_EQ(parse_number("-12"), -12);
    EXPECT_EQ(parse_number("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(parse_number<unsigned short>("65535"), 65535);
    for (const char* text : {"", "-", "+1", " 1", "1 ", "1.5", "0x1", "1e3", "9223372036854775808"})
        EXPECT_FALSE(parse_number(text)) << text;
    EXPECT_FALSE(parse_number<unsigned short>("65536"));
    EXPECT_FALSE(parse_number<unsigned>("-1"));
}

}  // namespace
