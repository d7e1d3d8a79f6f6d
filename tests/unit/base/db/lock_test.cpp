// A migration that has to wait for a table must not keep others from it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/db/migrate.hpp"
#include "base/db/servers.hpp"
#include "unit/base/db/empty_database.hpp"

namespace bb::db {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const Migration change[] = {
    {15, "busy", "CREATE TABLE busy (id integer PRIMARY KEY); CREATE TABLE other (id integer);",
     "DROP TABLE busy, other;"},
    {16, "column", "ALTER TABLE busy ADD COLUMN note text;", "ALTER TABLE busy DROP COLUMN note;"}};

LockLimits limits(milliseconds wait, int tries) {
    LockLimits limits;
    limits.wait = wait;
    limits.tries = tries;
    limits.first_pause = limits.longest_pause = milliseconds(100);
    return limits;
}

milliseconds since(steady_clock::time_point begin) {
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
}

struct WaitForLocks : OnEmptyDatabase {
    WaitForLocks() { Migrator(session, Migrations(change, 1)).migrate(ignore).value(); }
};

TEST_F(WaitForLocks, EndsInTimeAndSaysWhoHoldsWhat) {
    Session other(database);
    other.script("SET application_name = 'the long one'; BEGIN; SELECT * FROM busy");
    std::string said;
    Migrator migrator(session, change);
    migrator.when_taken([&](std::string_view words) { said += words; });
    migrator.limit_locks(limits(milliseconds(400), 3));
    const auto begin = steady_clock::now();
    const auto refused = migrator.migrate(ignore);
    EXPECT_LT(since(begin), milliseconds(4'000));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_NE(refused.error().detail.find("table busy, which PostgreSQL's process"), std::string::npos)
        << refused.error().detail;
    EXPECT_NE(refused.error().detail.find("the long one"), std::string::npos);
    EXPECT_NE(said.find("tries again (3 of 3)"), std::string::npos) << said;
    EXPECT_EQ(migrator.current(), 15);

    other.script("COMMIT");
    EXPECT_EQ(migrator.migrate(ignore).value().applied.size(), 1u);
}

TEST_F(WaitForLocks, SucceedsOnceTheOtherLetsGo) {
    Session other(database);
    other.script("BEGIN; SELECT * FROM busy");
    Migrator migrator(session, change);
    migrator.limit_locks(limits(milliseconds(200), 50));
    std::thread end;
    migrator.when_taken([&](std::string_view) {
        if (!end.joinable()) end = std::thread([&] { other.script("COMMIT"); });
    });
    EXPECT_EQ(migrator.migrate(ignore).value().applied.size(), 1u);
    end.join();
}

// While a long transaction holds the table, a stream of short ones goes on: none waits for longer than one
// try.
TEST_F(WaitForLocks, HoldsUpNobodyForLongerThanOneTry) {
    Session holder(database);
    holder.script("BEGIN; SELECT * FROM busy");
    constexpr milliseconds wait(500);
    std::atomic<bool> over{false};
    milliseconds longest{0};
    int count = 0;
    std::thread traffic([&] {
        Session client(database);
        while (!over) {
            const auto begin = steady_clock::now();
            client.query("INSERT INTO busy VALUES ($1)", ++count);
            longest = std::max(longest, since(begin));
            std::this_thread::sleep_for(milliseconds(5));
        }
    });
    Migrator migrator(session, change);
    migrator.limit_locks(limits(wait, 4));
    EXPECT_TRUE(migrator.migrate(ignore).has_error());
    over = true;
    traffic.join();
    EXPECT_GT(longest, wait / 2) << "the migration was never in the way, so that this shows nothing";
    EXPECT_LT(longest, wait + milliseconds(400));
    EXPECT_GT(count, 4);
}

// What is held already while a later statement waits counts as well.
TEST_F(WaitForLocks, IsOneLimitForAllStatementsTogether) {
    Session holder(database);
    holder.script("BEGIN; SELECT * FROM busy");
    const Migration two[] = {
        change[0],
        {16, "both",
         "ALTER TABLE other ADD COLUMN a text; SELECT pg_sleep(0.9); ALTER TABLE busy ADD COLUMN a text;",
         "SELECT 1;"}};
    Migrator migrator(session, two);
    migrator.limit_locks(limits(milliseconds(1'000), 1));
    const auto begin = steady_clock::now();
    EXPECT_TRUE(migrator.migrate(ignore).has_error());
    EXPECT_LT(since(begin), milliseconds(1'800));
}

TEST_F(WaitForLocks, IsTheSameOnTheWayBack) {
    Migrator migrator(session, change);
    migrator.migrate(ignore).value();
    Session holder(database);
    holder.script("BEGIN; SELECT * FROM busy");
    migrator.limit_locks(limits(milliseconds(100), 2));
    const auto refused = migrator.rollback(15, ignore);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_EQ(migrator.current(), 16);
}

using ServersOn = OnEmptyDatabase;

TEST_F(ServersOn, NamesServersAndNoCommand) {
    EXPECT_TRUE(servers_on(session).empty());
    EXPECT_LE(server_application().size(), 63u);
    Session one(database), two(database);
    one.query("SELECT set_config('application_name', $1, false)", server_application());
    two.script("SET application_name = 'brainbytes-server/web-2.example/4711'");
    const auto servers = servers_on(session);
    ASSERT_EQ(servers.size(), 2u);
    const auto other = std::find_if(servers.begin(), servers.end(),
                                    [](const auto& one) { return one.host == "web-2.example"; });
    ASSERT_NE(other, servers.end());
    EXPECT_EQ(other->text(), "process 4711 on host web-2.example (on the machine of the database)");
    EXPECT_TRUE(std::any_of(servers.begin(), servers.end(), [](const auto& one) {
        return one.host == server_host() && one.process == std::to_string(::getpid());
    }));
}

}  // namespace
}  // namespace bb::db
