#include "features/tutor/reply_board.hpp"

#include <gtest/gtest.h>

#include "features/tutor/threads.hpp"

namespace bb::tutor {
namespace {

TEST(ReplyBoard, BoundsRepliesPerPersonAndInAll) {
    ReplyLimits limits;
    limits.per_process = 3;
    limits.per_person = 2;
    ReplyBoard board(limits);
    const auto ana = UserId::make();
    const auto ben = UserId::make();

    auto first = board.take_seat(ana);
    auto second = board.take_seat(ana);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(board.take_seat(ana).error().code, ErrorCode::rate_limited);
    auto third = board.take_seat(ben);
    ASSERT_TRUE(third);
    EXPECT_EQ(board.take_seat(UserId::make()).error().code, ErrorCode::unavailable);

    { const auto left = std::move(*first); }
    EXPECT_TRUE(board.take_seat(ana));
}

TEST(ReplyBoard, TakesNothingInOnceClosed) {
    ReplyBoard board;
    board.close();
    const auto refused = board.take_seat(UserId::make());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_GT(refused.error().retry_after, 0);
}

TEST(ThreadCursor, ComesBackAsItWasAndRefusesOthers) {
    const ThreadCursor cursor{now(), ThreadId::make()};
    const auto back = thread_cursor(to_text(cursor));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->updated_at, cursor.updated_at);
    EXPECT_EQ(back->id, cursor.id);
    for (const auto* bad : {"", ".", "x.y", "1", "-5.0190a1b2-0000-7000-8000-000000000001",
                            "99999999999999999999.0190a1b2-0000-7000-8000-000000000001", "1.2"})
        EXPECT_FALSE(thread_cursor(bad)) << bad;
}

}  // namespace
}  // namespace bb::tutor
