// The lock of a place in a bucket: one holds it, it is renewed, and taken over when nobody renews it.
#include "operations/safety/s3_lock.hpp"

#include <gtest/gtest.h>

#include "unit/support/bucket.hpp"

namespace bb::safety {
namespace {

using namespace std::chrono_literals;

class Locks : public testing::Test {
protected:
    std::unique_ptr<S3Lock> take(LockTimes times = {}) {
        return std::make_unique<S3Lock>(session, bucket.options(), "", S3Lock::Where{key, "s3://school"},
                                        seen, nothing, times);
    }
    std::string why_not(LockTimes times = {}) {
        try {
            take(times);
        } catch (const std::runtime_error& fault) {
            return fault.what();
        }
        return {};
    }
    bool becomes_true(const std::function<bool()>& what) {
        for (const auto deadline = std::chrono::steady_clock::now() + 20s;
             std::chrono::steady_clock::now() < deadline; std::this_thread::sleep_for(5ms))
            if (what()) return true;
        return false;
    }
    std::string text() const { return bucket.get(key).value_or(""); }

    static constexpr LockTimes often{5ms, 300s};
    const std::string key = ".lock";
    // Of another machine, where nobody can tell whether its process has ended.
    const std::string others = "elsewhere/1\n7\nother-host\ntoken\n";
    const std::function<void()> nothing = []() {
    };
    test::Bucket bucket;
    S3Session session{bucket.options(), ""};
    SeenLock seen;
};

TEST_F(Locks, OneHoldsItAndGivesItBack) {
    {
        const auto lock = take();
        EXPECT_NE(why_not().find("Another backup is being made or removed in s3://school (process "),
                  std::string::npos);
    }
    EXPECT_EQ(bucket.get(key), std::nullopt);
    EXPECT_EQ(why_not(), "");
}

TEST_F(Locks, AnotherMachinesStaysUntilNobodyHasRenewedIt) {
    bucket.put(key, others);
    bucket.tell_age(299);
    EXPECT_NE(why_not().find("(process 7 of other-host). If that was broken off, try again in 5 minutes."),
              std::string::npos)
        << why_not();
    EXPECT_EQ(text(), others);
    bucket.tell_age(301);
    const auto lock = take();
    EXPECT_NE(text(), others);
}

TEST_F(Locks, OneWhoseAgeIsUnknownStaysAsLongAsItWasNotSeenToStand) {
    bucket.put(key, others);
    bucket.tell_age(std::nullopt);
    EXPECT_NE(why_not().find("If that was broken off, remove the object .lock."), std::string::npos);
    ASSERT_FALSE(seen.etag.empty());
    seen.since -= 299s;
    EXPECT_NE(why_not(), "");
    seen.since -= 2s;
    bucket.put(key, others + "1\n");
    EXPECT_NE(why_not(), "") << "it was renewed meanwhile";
    seen.since -= 301s;
    EXPECT_EQ(why_not(), "");
}

TEST_F(Locks, IsRenewedAndEachTimeAnother) {
    auto lock = take(often);
    const auto first = text();
    ASSERT_TRUE(becomes_true([&] { return text() != first; }));
    const auto second = text();
    EXPECT_TRUE(second.starts_with(first));
    EXPECT_TRUE(becomes_true([&] { return text() != second; }));
    lock.reset();
    EXPECT_EQ(bucket.get(key), std::nullopt);
}

TEST_F(Locks, IsRenewedWhereConditionsAreNotKnown) {
    bucket.know_no_conditions();
    auto lock = take(often);
    const auto first = text();
    EXPECT_TRUE(becomes_true([&] { return text().size() > first.size(); }));
    bucket.put(key, others);
    const auto puts = bucket.asked("PUT");
    ASSERT_TRUE(becomes_true([&] { return bucket.asked("PUT") > puts; }));
    lock.reset();
    EXPECT_EQ(text(), others) << "one that was taken over is left alone";
}

TEST_F(Locks, IsRenewedAfterAnAnswerWasLost) {
    auto lock = take(often);
    bucket.lose_answers(1);
    const auto first = text();
    ASSERT_TRUE(becomes_true([&] { return text() != first; }));
    const auto second = text();
    EXPECT_TRUE(becomes_true([&] { return text() != second; })) << "it is known as ours";
}

TEST_F(Locks, OneThatWasTakenOverIsNotRenewedAndNotRemoved) {
    auto lock = take(often);
    bucket.put(key, others);
    const auto heads = bucket.asked("HEAD");
    ASSERT_TRUE(becomes_true([&] { return bucket.asked("HEAD") > heads; })) << "it is looked at again";
    lock.reset();
    EXPECT_EQ(text(), others);
    bucket.remove(key);
    EXPECT_EQ(why_not(), "");
}

TEST_F(Locks, ARefusalIsToldAtOnce) {
    bucket.put(key, others);
    bucket.refuse(key, 403, "AccessDenied");
    const auto before = bucket.asked("GET");
    EXPECT_NE(why_not().find("the key may not do this"), std::string::npos);
    EXPECT_EQ(bucket.asked("GET"), before + 1);
}

}  // namespace
}  // namespace bb::safety
