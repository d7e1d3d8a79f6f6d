#include "operations/watch/history.hpp"

#include <gtest/gtest.h>

#include "unit/support/test_database.hpp"

namespace bb::watch {
namespace {

using std::chrono::minutes;

class HistoryTest : public test::DatabaseTest {
protected:
    HistoryTest() { empty(); }
    ~HistoryTest() override { empty(); }

    /// As in a database that was restored: numbers of series are given anew.
    void empty() {
        cluster().script("TRUNCATE metric_minutes, metric_hours, metric_series RESTART IDENTITY");
    }

    double sum_of(const std::string& name) {
        double sum = 0;
        auto work = [&](db::Transaction& tx) -> Task<void> {
            Selector selector;
            selector.metric = name;
            const auto end = start + minutes(60);
            const auto found = co_await read_history(tx, selector, start, end, minutes(1), end);
            for (const auto& period : found.periods) sum += period.sum;
        };
        await(db().transaction(work));
        return sum;
    }

    static Point counted(const std::string& name, double value) {
        Point point;
        point.name = name;
        point.kind = metrics::Kind::counter;
        point.value = value;
        return point;
    }

    const Time start = std::chrono::floor<std::chrono::days>(now());
};

TEST_F(HistoryTest, AddsUpWithinAMinute) {
    History history(db(), "one");
    await(history.add({counted("requests", 3), counted("faults", 1)}, start));
    await(history.add({counted("requests", 4)}, start));
    EXPECT_EQ(sum_of("requests"), 7);
    EXPECT_EQ(sum_of("faults"), 1);
}

TEST_F(HistoryTest, GoesOnInADatabaseThatWasRestoredUnderIt) {
    History history(db(), "one");
    await(history.add({counted("requests", 3), counted("faults", 1)}, start));
    empty();
    await(history.add({counted("mails", 5), counted("requests", 4)}, start));
    await(history.add({counted("requests", 2), counted("faults", 6)}, start + minutes(1)));
    EXPECT_EQ(sum_of("mails"), 5);
    EXPECT_EQ(sum_of("requests"), 6);
    EXPECT_EQ(sum_of("faults"), 6);
}

}  // namespace
}  // namespace bb::watch
