#include "operations/safety/retention.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <optional>
#include <random>
#include <set>

namespace bb::safety {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

Time at(int year, unsigned month, unsigned day, int hour = 3) {
    return Time(std::chrono::sys_days(std::chrono::year(year) / month / day)) + std::chrono::hours(hour);
}

Candidate backup(Time time, std::string id = {}) {
    return {id.empty() ? to_rfc3339(time) : std::move(id), time};
}

std::vector<std::string> kept(const std::vector<Verdict>& verdicts) {
    std::vector<std::string> ids;
    for (const auto& one : verdicts)
        if (one.kept) ids.push_back(one.id.substr(0, 10));
    return ids;
}

TEST(Retention, KeepsSevenDaysFourWeeksTwelveMonths) {
    std::vector<Candidate> all;
    for (Time day = at(2025, 1, 1); day <= at(2026, 11, 26); day += days(1)) all.push_back(backup(day));
    const auto verdicts = sort_out(all, at(2026, 11, 26, 4), {});
    // Days 20 to 26; of weeks 48, 47, 46, 45 the newest; of the months the newest.
    const std::vector<std::string> expected = {
        "2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
        "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-08", "2026-11-15", "2026-11-20",
        "2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"};
    EXPECT_EQ(kept(verdicts), expected);
    EXPECT_EQ(verdicts.back().why,
              "newest, day 1 of 7 (2026-11-26), week 1 of 4 (2026-W48), month 1 of 12 (2026-11)");
    EXPECT_EQ(verdicts.front().why, "newer ones stand for its day, week and month (2025-01-01)");
}

TEST(Retention, OfADayTheNewestStays) {
    const auto verdicts =
        sort_out({backup(at(2026, 11, 26, 3)), backup(at(2026, 11, 26, 15))}, at(2026, 11, 27), {});
    EXPECT_FALSE(verdicts[0].kept);
    EXPECT_TRUE(verdicts[1].kept);
}

TEST(Retention, AnIsoWeekBelongsToTheYearOfItsThursday) {
    const auto verdicts = sort_out({backup(at(2027, 1, 1))}, at(2027, 1, 2), {});
    EXPECT_NE(verdicts[0].why.find("(2026-W53)"), std::string::npos) << verdicts[0].why;
}

TEST(Retention, TheNewestStaysHoweverOldItIs) {
    const auto verdicts =
        sort_out({backup(at(2019, 1, 1)), backup(at(2019, 1, 2))}, at(2026, 1, 1), {0, 0, 0});
    EXPECT_FALSE(verdicts[0].kept);
    EXPECT_EQ(verdicts[1].why, "newest");
}

TEST(Retention, HeldDamagedAndFutureOnesStayAndCountForNothing) {
    auto held = backup(at(2020, 5, 5));
    held.held = true;
    auto damaged = backup(at(2026, 11, 26, 23));
    damaged.whole = false;
    const auto future = backup(at(2031, 1, 1));
    const auto verdicts =
        sort_out({held, backup(at(2026, 11, 26)), damaged, future}, at(2026, 11, 26, 4), {1, 0, 0});
    ASSERT_EQ(verdicts.size(), 4u);
    EXPECT_EQ(verdicts[0].why, "held");
    EXPECT_EQ(verdicts[1].why, "newest, day 1 of 1 (2026-11-26)");
    EXPECT_TRUE(verdicts[2].kept);
    EXPECT_EQ(verdicts[3].why, "of a time to come: a clock was wrong");
}

TEST(Retention, WhatARestoreReplacedTakesNoPlaceOfAGoodOneAndGoesAfterAWeek) {
    auto replaced = backup(at(2026, 11, 26, 15));
    replaced.replaced = true;
    const std::vector<Candidate> both = {backup(at(2026, 11, 26)), replaced};
    const auto verdicts = sort_out(both, at(2026, 11, 26, 16), {1, 1, 1});
    EXPECT_EQ(verdicts[0].why,
              "newest, day 1 of 1 (2026-11-26), week 1 of 1 (2026-W48), month 1 of 1 (2026-11)");
    EXPECT_EQ(verdicts[1].why, "of what a restore replaced: for 7 days");
    for (const int hours : {7 * 24 - 1, 7 * 24}) {
        auto later = both;
        later.push_back(backup(replaced.created_at + std::chrono::hours(hours)));
        EXPECT_EQ(sort_out(later, later.back().created_at, {1, 1, 1})[1].kept, hours < 7 * 24);
    }
}

TEST(Retention, WhatARestoreReplacedIsTheNewestWhereThereIsNoOther) {
    auto older = backup(at(2025, 12, 1)), newer = backup(at(2026, 1, 2)), damaged = backup(at(2026, 1, 3));
    older.replaced = newer.replaced = true;
    damaged.whole = false;
    const std::vector<Candidate> all = {older, newer, damaged};
    for (const auto& verdicts :
         {sort_out(all, at(2026, 5, 1), {}), sort_out_physical(all, at(2026, 5, 1), 7)}) {
        EXPECT_FALSE(verdicts[0].kept) << verdicts[0].why;
        EXPECT_TRUE(verdicts[1].why.starts_with("newest")) << verdicts[1].why;
    }
}

using Made = std::map<Time, Candidate>;

/// As date(1) names them: strftime's %G-W%V is the week of ISO 8601.
std::string period(Time time, const char* format) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, format, &parts)};
}

/// Those that stand for a period: whole, of no time to come, and not of what a restore replaced.
std::vector<Time> that_count(const Made& made, Time now) {
    std::vector<Time> times;
    for (const auto& [time, one] : made)
        if (one.whole && !one.replaced && time <= now + clock_tolerance) times.push_back(time);
    return times;
}

void expect_those_that_stay_by_themselves(const Made& stored, const Made& ever, Time now) {
    for (const auto& [time, one] : ever) {
        if (one.held || !one.whole || (one.replaced && now - time < replaced_kept)) {
            EXPECT_TRUE(stored.contains(time)) << one.id << " on " << to_rfc3339(now);
        }
    }
}

/// What must be there on any day, whatever happened before.
void expect_promises(const Made& stored, const Made& ever, Time now) {
    expect_those_that_stay_by_themselves(stored, ever, now);
    const auto count = that_count(ever, now);
    if (count.empty()) return;
    EXPECT_TRUE(stored.contains(count.back())) << "the newest is gone on " << to_rfc3339(now);
    const auto expect_last = [&](const char* format, std::size_t most) {
        std::map<std::string, Time> newest;
        for (const auto time : count) newest[period(time, format)] = time;
        for (auto it = newest.rbegin(); it != newest.rend() && most > 0; ++it, --most)
            EXPECT_TRUE(stored.contains(it->second)) << it->first << " on " << to_rfc3339(now);
    };
    expect_last("%Y-%m-%d", 7);
    expect_last("%G-W%V", 4);
    expect_last("%Y-%m", 12);
    std::size_t ordinary = 0;
    for (const auto time : that_count(stored, now)) ordinary += !stored.at(time).held;
    EXPECT_LE(ordinary, 7u + 4u + 12u);
}

/// The day-to-day life of a school: weeks without any, several on a day, clocks that are off or jump, damaged
/// and held ones, restores, days on which pruning fails.
class Years {
public:
    explicit Years(unsigned seed) : random_(seed) {}

    template <class Prune, class Expect>
    void run(Prune prune, Expect expect) {
        for (Time today = at(2024, 1, 1); today < at(2027, 1, 1); today += days(1)) {
            if (once_in(40)) away_ = !away_;
            if (away_ || once_in(10)) continue;
            for (int left = once_in(5) ? 3 : 1; left > 0; --left) make(today + std::chrono::hours(4 * left));
            const auto now = today + 20h;
            if (once_in(8)) continue;
            const auto clock = once_in(6) ? ahead_of(now) : now;
            std::vector<Candidate> all;
            for (const auto& [time, one] : stored_) all.push_back(one);
            std::shuffle(all.begin(), all.end(), random_);
            std::map<std::string, Time> by_id;
            for (const auto& one : all) by_id[one.id] = one.created_at;
            for (const auto& verdict : prune(all, clock))
                if (!verdict.kept) stored_.erase(by_id.at(verdict.id));
            expect(stored_, ever_, now);
            if (testing::Test::HasFailure()) return;
        }
    }

private:
    bool once_in(unsigned n) { return random_() % n == 0; }

    /// Not by so much that those of a time to come are of the past by it.
    Time ahead_of(Time now) {
        const auto jumped = now + days(1 + static_cast<int>(random_() % 400));
        for (const auto& [time, one] : stored_)
            if (time > now + clock_tolerance) return std::min(jumped, time - clock_tolerance - 1us);
        return jumped;
    }

    void make(Time time) {
        time += std::chrono::minutes(static_cast<int>(random_() % 61) - 30);
        if (once_in(60)) time += days(400);
        if (once_in(60)) time -= days(45);
        while (ever_.contains(time)) time += 1s;
        auto one = backup(time);
        one.whole = !once_in(25);
        one.held = once_in(80);
        one.replaced = once_in(12);
        ever_.emplace(time, one);
        stored_.emplace(time, one);
    }

    std::mt19937 random_;
    Made stored_, ever_;
    bool away_ = false;
};

TEST(Retention, ThreeYearsWithGapsFailuresAndClocksThatJump) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        Years(seed).run([](auto all, Time now) { return sort_out(std::move(all), now, {}); },
                        expect_promises);
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
}

TEST(Retention, ThreeYearsOfPhysicalOnesReachAnySecondOfTheLastWeek) {
    const auto expect = [](const Made& stored, const Made& ever, Time now) {
        expect_those_that_stay_by_themselves(stored, ever, now);
        const auto count = that_count(ever, now), left = that_count(stored, now);
        if (count.empty()) return;
        ASSERT_FALSE(left.empty());
        EXPECT_EQ(left.back(), count.back()) << "the newest is gone on " << to_rfc3339(now);
        std::optional<Time> begin;
        for (const auto time : count)
            if (time <= now - days(7)) begin = time;
        const bool reaches = std::any_of(left.begin(), left.end(), [&](Time time) {
            return time <= now - days(7) &&
                   std::chrono::floor<days>(time) >= std::chrono::floor<days>(*begin);
        });
        EXPECT_TRUE(!begin || reaches) << "the week begins later on " << to_rfc3339(now);
    };
    for (unsigned seed = 1; seed <= 20; ++seed) {
        Years(seed).run([](auto all, Time now) { return sort_out_physical(std::move(all), now, 7); }, expect);
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
}

TEST(Retention, AskingTwiceChangesNothing) {
    std::vector<Candidate> all;
    for (int day = 0; day < 500; ++day) all.push_back(backup(at(2025, 1, 1) + days(day)));
    const auto now = all.back().created_at + 1h;
    std::vector<Candidate> left;
    for (const auto& verdict : sort_out(all, now, {}))
        if (verdict.kept)
            left.push_back(
                *std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == verdict.id; }));
    for (const auto& verdict : sort_out(left, now, {})) EXPECT_TRUE(verdict.kept) << verdict.id;
}

}  // namespace
}  // namespace bb::safety
