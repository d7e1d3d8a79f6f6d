#include "operations/dns/failover.hpp"

#include <gtest/gtest.h>

namespace bb::dns {
namespace {

/// A primary and a secondary that are as the test says, a look every ten seconds, and a record that moves as
/// it is told.
class Play {
public:
    explicit Play(FailoverRules rules = {}) : failover(rules) {}

    Verdict look(bool primary, bool secondary = true) {
        at += std::chrono::seconds(10);
        const auto verdict = failover.look({{primary, "status 503"}, {secondary, "no answer"}, record, at});
        if (verdict.step == Step::stay) return verdict;
        ++moves;
        record = verdict.step == Step::to_primary ? Place::primary : Place::secondary;
        failover.moved(verdict.step, at);
        return verdict;
    }
    void looks(int count, bool primary, bool secondary = true) {
        for (int i = 0; i < count; ++i) look(primary, secondary);
    }

    Failover failover;
    Place record = Place::primary;
    int moves = 0;
    std::chrono::seconds at{0};
};

TEST(Failover, MovesAfterSoManyFailuresInARow) {
    Play play;
    EXPECT_EQ(play.look(true).why, "");
    EXPECT_EQ(play.look(false).why, "the primary failed 1 of 3 looks in a row (status 503)");
    EXPECT_TRUE(play.failover.pending());
    EXPECT_EQ(play.look(false).step, Step::stay);
    const auto verdict = play.look(false);
    EXPECT_EQ(verdict.step, Step::to_secondary);
    EXPECT_NE(verdict.why.find("3 of 3"), std::string::npos);
    EXPECT_FALSE(play.failover.pending());
}

TEST(Failover, AGoodLookBetweenBeginsTheCountAnew) {
    Play play;
    play.looks(2, false);
    EXPECT_EQ(play.look(true).why, "the primary answers well again");
    EXPECT_FALSE(play.failover.pending());
    play.looks(2, false);
    EXPECT_EQ(play.moves, 0);
    EXPECT_EQ(play.look(false).step, Step::to_secondary);
}

TEST(Failover, DoesNotMoveToASecondaryThatIsNotWell) {
    Play play;
    play.looks(2, false, false);
    EXPECT_NE(play.look(false, false).why.find("nothing is moved"), std::string::npos);
    EXPECT_EQ(play.look(false, false).why, "");  // once is enough
    EXPECT_EQ(play.look(false, true).step, Step::to_secondary);
}

TEST(Failover, StaysAtTheSecondaryUnlessToldToGoBack) {
    Play play;
    play.looks(3, false);
    play.looks(2, true);
    EXPECT_NE(play.look(true).why.find("go back by hand"), std::string::npos);
    play.looks(100, true);
    EXPECT_EQ(play.record, Place::secondary);
    EXPECT_EQ(play.moves, 1);
}

TEST(Failover, GoesBackAfterAsManyGoodLooks) {
    Play play({.back = true});
    play.looks(3, false);
    play.looks(2, true);
    play.look(false);
    play.looks(2, true);
    EXPECT_EQ(play.record, Place::secondary);
    EXPECT_TRUE(play.failover.pending());
    EXPECT_EQ(play.look(true).step, Step::to_primary);
}

TEST(Failover, APrimaryThatComesAndGoesIsNotFollowedForEver) {
    Play play({.back = true});
    play.looks(3, false);
    play.looks(3, true);
    ASSERT_EQ(play.record, Place::primary);
    play.looks(3, false);
    play.looks(5, true);
    EXPECT_EQ(play.record, Place::secondary) << "the second return asks for twice as much";
    EXPECT_EQ(play.look(true).step, Step::to_primary);
    play.looks(3, false);
    play.looks(12, true);
    EXPECT_EQ(play.record, Place::secondary) << "two returns within the hour are enough";
    EXPECT_EQ(play.moves, 5);
    for (int i = 0; i < 10; ++i) {
        play.looks(3, false);
        play.looks(12, true);
    }
    EXPECT_EQ(play.moves, 5);
    play.at += std::chrono::hours(1);
    EXPECT_EQ(play.look(true).step, Step::to_primary);
}

TEST(Failover, TheGuardDoesNotHoldARecordAtASecondaryThatIsDown) {
    Play play({.back = true, .most_returns = 0});
    play.looks(3, false);
    play.looks(10, true);
    EXPECT_EQ(play.record, Place::secondary);
    EXPECT_EQ(play.look(true, false).step, Step::to_primary);
}

TEST(Failover, AMoveByHandBeginsTheCountAnew) {
    Play play;
    play.looks(3, false);
    play.record = Place::primary;  // against the advice, but it is theirs to say
    play.looks(2, false);
    EXPECT_EQ(play.moves, 1);
    EXPECT_EQ(play.look(false).step, Step::to_secondary);
}

TEST(Failover, AMoveThatDidNotHappenIsAskedForAgain) {
    Failover failover({.fails = 1});
    const Sight sight{{false, "no answer"}, {true, ""}, Place::primary, {}};
    EXPECT_EQ(failover.look(sight).step, Step::to_secondary);
    EXPECT_EQ(failover.look(sight).step, Step::to_secondary);
}

}  // namespace
}  // namespace bb::dns
