#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <limits>

#include "operations/watch/silences.hpp"
#include "unit/operations/watch/simulation.hpp"
#include "unit/support/test_database.hpp"

namespace bb::watch {
namespace {

using test::Minute;
using test::Seen;
using test::Simulation;
using testing::ElementsAre;

const Time start = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2);  // a Monday

Surroundings office() {
    Surroundings around;
    for (int level = 1; level <= 4; ++level) {
        const auto name = fmt::format("l{}", level);
        around.contacts.people[name] = {name, name + "@school.example", {}, {}};
        around.contacts.escalation[static_cast<std::size_t>(level - 1)] = {name};
    }
    around.release = "1.0.0-abc";
    return around;
}

class DayTest : public test::DatabaseTest {
protected:
    DayTest() {
        cluster().script(
            "DELETE FROM incidents; DELETE FROM alarm_states; DELETE FROM alarm_changes; DELETE FROM "
            "alarm_messages; "
            "DELETE FROM alarms; DELETE FROM alarm_silences; DELETE FROM metric_minutes; DELETE FROM "
            "metric_hours; "
            "DELETE FROM status_days; UPDATE watch_turns SET looked_at = 'epoch', summed_to = 'epoch', "
            "begun_at = NULL, resumed_at = 'epoch'");
    }

    template <class Work>
    void run(Work work) {
        await(work(db()));
    }

    Minute with(const std::string& gauge, double value) {
        Minute minute;
        minute.gauges[gauge] = value;
        return minute;
    }
};

/// Prints what was seen, so that `make test-watch` shows it.
void print(const char* what, int began, int ended, const Seen& seen) {
    const auto after = [](int at, int since) {
        return at < 0 ? std::string("not") : fmt::format("{} min", at - since);
    };
    fmt::print("{:<22} {} {:<12} noticed after {:<7} over after {:<7} level {}\n", what, seen.severity,
               seen.alarms, after(seen.opened, began), after(seen.resolved, ended), seen.level);
}

TEST_F(DayTest, EachFaultHasItsIncidentAndNothingElse) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        struct Fault {
            const char* what;
            int minutes;
            Minute shown;
            int began = 0, ended = 0;
        };
        Minute errors, guessing, slow, lost;
        errors.failed = 3;  // 5 %
        guessing.failed_sign_ins = 40;
        slow.slow_share = 0.2;
        lost.second_node = false;
        std::vector<Fault> faults = {
            {"5 % errors", 10, errors},
            {"model down", 20, with("brainbytes_model_up", 0)},
            {"disk filling", 10, with("brainbytes_disk_free_share", 0.08)},
            {"guessed sign-ins", 10, guessing},
            {"certificate ends", 10, with("brainbytes_certificate_days", 2)},
            {"database slow", 20, slow},
            {"backup late", 10, with("brainbytes_backup_age_seconds", 100'000)},
            {"audit log changed", 5, with("brainbytes_audit_whole", 0)},
            {"a node is lost", 70, lost},
        };
        co_await day.pass(30, Minute());
        for (auto& fault : faults) {
            fault.began = day.now();
            co_await day.pass(fault.minutes, fault.shown);
            fault.ended = day.now();
            co_await day.pass(35, Minute());
        }
        const auto seen = co_await day.incidents();
        EXPECT_EQ(seen.size(), faults.size());
        for (std::size_t i = 0; i < std::min(seen.size(), faults.size()); ++i) {
            print(faults[i].what, faults[i].began, faults[i].ended, seen[i]);
            EXPECT_GE(seen[i].opened, faults[i].began) << faults[i].what;
            EXPECT_LE(seen[i].opened, faults[i].began + 10) << faults[i].what;
            EXPECT_GE(seen[i].resolved, faults[i].ended) << faults[i].what;
            EXPECT_LE(seen[i].resolved, faults[i].ended + 20) << faults[i].what;
        }
        if (seen.size() < faults.size()) co_return;
        EXPECT_LE(seen[0].opened - faults[0].began, 2) << "5 % of errors within two minutes";
        EXPECT_LE(seen[1].opened - faults[1].began, 1) << "a dead model within one";
        EXPECT_EQ(seen[8].severity, "P1");
        EXPECT_EQ(seen[8].level, 4) << "nobody answered for more than an hour";
    });
}

TEST_F(DayTest, WhatNobodyAnswersGoesUpByTheMatrix) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        co_await day.pass(5, Minute());
        co_await day.pass(130, with("brainbytes_audit_whole", 0));
        const auto messages = co_await day.messages();
        EXPECT_THAT(messages,
                    ElementsAre("5 opened 1 l1@school.example", "20 overdue 1 l1@school.example",
                                "20 escalated 2 l2@school.example", "35 escalated 3 l3@school.example",
                                "65 escalated 4 l4@school.example", "125 unanswered 0 l1@school.example",
                                "125 unanswered 0 l2@school.example", "125 unanswered 0 l3@school.example",
                                "125 unanswered 0 l4@school.example"));
    });
}

TEST_F(DayTest, WhoAnswersStopsTheClock) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        co_await day.pass(10, with("brainbytes_audit_whole", 0));
        auto answer = [&](bb::db::Transaction& tx) -> Task<void> {
            const auto found = (co_await list_incidents(tx, false, 1)).at(0);
            const auto after = co_await acknowledge(tx, found, "ana", "looks", day.time());
            EXPECT_TRUE(after);
        };
        co_await db.transaction(answer);
        co_await day.pass(120, with("brainbytes_audit_whole", 0));
        const auto messages = co_await day.messages();
        EXPECT_THAT(messages, ElementsAre("0 opened 1 l1@school.example"));
        co_await day.pass(10, Minute());
        const auto seen = co_await day.incidents();
        EXPECT_GT(seen.at(0).resolved, 130);
    });
}

TEST_F(DayTest, AWorseAlarmOfTheSameKindJoinsAndRaisesIt) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        co_await day.pass(5, with("brainbytes_disk_free_share", 0.08));
        co_await day.pass(5, with("brainbytes_disk_free_share", 0.02));
        const auto seen = co_await day.incidents();
        EXPECT_EQ(seen.size(), 1u);
        EXPECT_EQ(seen.at(0).severity, "P1");
        const auto messages = co_await day.messages();
        EXPECT_THAT(messages, ElementsAre("0 opened 1 l1@school.example", "5 raised 1 l1@school.example"));
    });
}

TEST_F(DayTest, ASilenceTellsNobodyUntilItEnds) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        auto silence = [&](bb::db::Transaction& tx) -> Task<void> {
            co_await tx.query(
                "INSERT INTO alarm_silences (id, alarm, reason, begins, ends) VALUES (gen_random_uuid(), "
                "'audit-*', "
                "'work', $1, $2)",
                start, Time(start + std::chrono::minutes(10)));
        };
        co_await db.transaction(silence);
        co_await day.pass(9, with("brainbytes_audit_whole", 0));
        const auto quiet = co_await day.messages();
        EXPECT_TRUE(quiet.empty());
        co_await day.pass(3, with("brainbytes_audit_whole", 0));
        const auto messages = co_await day.messages();
        EXPECT_THAT(messages, ElementsAre("10 opened 1 l1@school.example"));
    });
}

TEST_F(DayTest, ASilenceEndsTheCallsOfWhatIsOnAlready) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        co_await day.pass(10, with("brainbytes_audit_whole", 0));
        auto silence = [&](bb::db::Transaction& tx) -> Task<void> {
            SilenceOrder order{Uuid::make(), "audit-broken", "we know", day.time(),
                               day.time() + std::chrono::hours(8)};
            co_await add_silence(tx, std::move(order));
        };
        co_await db.transaction(silence);
        co_await day.pass(120, with("brainbytes_audit_whole", 0));
        const auto messages = co_await day.messages();
        EXPECT_THAT(messages, ElementsAre("0 opened 1 l1@school.example"));
    });
}

TEST_F(DayTest, WhatIsResolvedByHandDoesNotComeBackWhileItsAlarmStaysOn) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        co_await day.pass(5, with("brainbytes_audit_whole", 0));
        auto end = [&](bb::db::Transaction& tx) -> Task<void> {
            const auto open = co_await list_incidents(tx, false, 1);
            const auto after = co_await resolve(tx, open.at(0), "ana", "known since the restore", day.time());
            EXPECT_TRUE(after);
        };
        co_await db.transaction(end);
        co_await day.pass(30, with("brainbytes_audit_whole", 0));
        auto seen = co_await day.incidents();
        EXPECT_EQ(seen.size(), 1u);
        co_await day.pass(10, Minute());
        co_await day.pass(5, with("brainbytes_audit_whole", 0));
        seen = co_await day.incidents();
        EXPECT_EQ(seen.size(), 2u) << "it was over in between";
    });
}

TEST_F(DayTest, WhatBecomesWorseIsAnsweredAnew) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        co_await day.pass(30, with("brainbytes_certificate_days", 10));
        auto answer = [&](bb::db::Transaction& tx) -> Task<void> {
            const auto open = co_await list_incidents(tx, false, 1);
            const auto after = co_await acknowledge(tx, open.at(0), "ana", "next week", day.time());
            EXPECT_TRUE(after);
        };
        co_await db.transaction(answer);
        co_await day.pass(20, with("brainbytes_certificate_days", 2));
        const auto messages = co_await day.messages();
        EXPECT_THAT(messages,
                    ElementsAre("0 opened 1 l1@school.example", "30 raised 1 l1@school.example",
                                "45 overdue 1 l1@school.example", "45 escalated 2 l2@school.example"));
    });
}

TEST_F(DayTest, NobodyIsMissedWhenNobodyCouldWrite) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        co_await day.pass(10, Minute());
        day.darkness(20);
        Minute alone;
        alone.second_node = false;  // the other one comes a minute later
        co_await day.pass(1, alone);
        co_await day.pass(20, Minute());
        const auto seen = co_await day.incidents();
        EXPECT_TRUE(seen.empty());
    });
}

TEST_F(DayTest, WhatWasNeverBackedUpIsToldWhenADayHasPassed) {
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation day(db, office(), start);
        const auto never = with("brainbytes_backup_age_seconds", std::numeric_limits<double>::quiet_NaN());
        co_await day.pass(25 * 60, never);
        auto seen = co_await day.incidents();
        EXPECT_TRUE(seen.empty());
        co_await day.pass(70, never);
        seen = co_await day.incidents();
        EXPECT_EQ(seen.size(), 1u);
        for (const auto& one : seen) EXPECT_EQ(one.alarms, "backup-late");
    });
}

TEST_F(DayTest, TwoNodesLookOnceATurn) {
    run([&](bb::db::Database& db) -> Task<void> {
        const auto around = office();
        const bool first = co_await look_around(db, around, start);
        const bool second = co_await look_around(db, around, start + std::chrono::seconds(5));
        const bool third = co_await look_around(db, around, start + std::chrono::seconds(11));
        EXPECT_TRUE(first && !second && third);
    });
}

TEST_F(DayTest, AQuietWeekTellsNobodyAnything) {
    const int days = std::getenv("BB_LONG") != nullptr ? 7 : 1;
    run([&](bb::db::Database& db) -> Task<void> {
        Simulation week(db, office(), start);
        Minute minute;
        minute.requests = 100;
        co_await week.pass(days * 24 * 60 / 2, minute);
        minute.failed = 0.05;  // one in two thousand: less than the objective allows
        co_await week.pass(days * 24 * 60 / 2, minute);
        const auto messages = co_await week.messages();
        EXPECT_TRUE(messages.empty());
        fmt::print("{} quiet days: {} messages\n", days, messages.size());
    });
}

}  // namespace
}  // namespace bb::watch
