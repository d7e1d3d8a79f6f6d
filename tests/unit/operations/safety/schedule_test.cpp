#include <gtest/gtest.h>

#include <chrono>

#include "operations/safety/runs.hpp"

namespace bb::safety {
namespace {

using namespace std::chrono_literals;

const Time start = Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26));

BackupRun run_at(Time time, bool good) {
    BackupRun run;
    run.started_at = time;
    (good ? run.backup : run.fault) = "x";
    return run;
}

TEST(Schedule, TheFirstBackupComesTenMinutesAfterTheStart) {
    EXPECT_EQ(next_run({}, start, 24h, 0), start + 10min);
}

TEST(Schedule, TheNextComesADayAfterTheLastBegan) {
    const auto last = run_at(start - 2h, true);
    EXPECT_EQ(next_run({last, last}, start, 24h, 0), start + 22h);
}

TEST(Schedule, AMissedOneIsMadeUpFor) {
    const auto last = run_at(start - 72h, true);
    EXPECT_EQ(next_run({last, last}, start, 24h, 0), start + 10min);
}

TEST(Schedule, AfterAFailureItTriesAgainInAnHour) {
    const auto failure = run_at(start + 30min, false);
    EXPECT_EQ(next_run({failure, run_at(start - 23h, true)}, start, 24h, 0), start + 90min);
}

TEST(Schedule, NodesAreSpreadOverAQuarterOfAnHour) {
    for (const std::uint32_t node : {0u, 1u, 899u, 900u, 4'000'000'000u}) {
        const auto at = next_run({}, start, 24h, node);
        EXPECT_GE(at, start + 10min);
        EXPECT_LT(at, start + 25min);
    }
}

TEST(Schedule, ADrillIsHeldAnHourAfterTheStartAndThenEachMonth) {
    EXPECT_EQ(next_drill(std::nullopt, start, 720h, 0), start + 1h);
    EXPECT_EQ(next_drill(start - 700h, start, 720h, 0), start + 20h);
    EXPECT_EQ(next_drill(start - 900h, start, 720h, 0), start + 1h);
}

TEST(Schedule, FilesAreCopiedEachWeekAndSoonWhenTheLogHasAGap) {
    LastRuns last;
    EXPECT_EQ(next_physical(last, false, start, 168h, 0), start + 10min);
    last.physical = last.any = run_at(start - 24h, true);
    EXPECT_EQ(next_physical(last, true, start, 168h, 0), start + 144h);
    EXPECT_EQ(next_physical(last, false, start, 168h, 0), start + 10min);
    last.any = run_at(start + 30min, false);
    EXPECT_EQ(next_physical(last, false, start, 168h, 0), start + 90min);
}

}  // namespace
}  // namespace bb::safety
