#include "operations/safety/drill.hpp"

#include <gtest/gtest.h>

namespace bb::safety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(DrillTest, NeverLosesLessThanNothing) {
    const Time misfortune = now();
    EXPECT_DOUBLE_EQ(lost_seconds(misfortune, misfortune - seconds(3)), 3);
    EXPECT_EQ(lost_seconds(misfortune, misfortune + milliseconds(100)), 0);
}

TEST(DrillTest, IsNotGoodWithoutAnAnswerInTime) {
    DrillResult result;
    result.goals = {60, 60};
    EXPECT_FALSE(result.good());
    result.rpo_seconds = 1;
    EXPECT_FALSE(result.good());
    result.rto_seconds = 1;
    EXPECT_TRUE(result.good());
    result.rto_seconds = 61;
    EXPECT_FALSE(result.good());
    result.rto_seconds = 1;
    result.checks = {{"chat", false, "no answer"}};
    EXPECT_FALSE(result.good());
}

}  // namespace
}  // namespace bb::safety
