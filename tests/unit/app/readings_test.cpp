#include <gtest/gtest.h>

#include <cmath>

#include "app/readings_machine.hpp"
#include "app/readings_statements.hpp"
#include "app/readings_uses.hpp"

namespace bb::app {
namespace {

TEST(StatementHead, SaysWhatIsDoneToWhatAndNoValue) {
    EXPECT_EQ(statement_head("SELECT id, text FROM messages WHERE id = $1"), "select messages");
    EXPECT_EQ(statement_head("  insert INTO audit_entries (seq) VALUES ($1)"), "insert audit_entries");
    EXPECT_EQ(statement_head("UPDATE users SET last_seen_at = now()"), "update users");
    EXPECT_EQ(statement_head("DELETE FROM sessions"), "delete sessions");
    EXPECT_EQ(statement_head("SELECT count(*) FROM (SELECT FROM threads) t"), "select threads");
    EXPECT_EQ(statement_head("WITH a AS (SELECT $1) SELECT * FROM a"), "with a");
    EXPECT_EQ(statement_head("SELECT $1"), "select");
    EXPECT_EQ(statement_head("SELECT 'from secrets' FROM users"), "select");
    EXPECT_EQ(statement_head("ALTER ROLE ana PASSWORD 'secret'"), "other");
    EXPECT_EQ(statement_head("select from " + std::string(500, 'x')), "select");
    EXPECT_EQ(statement_head(""), "other");
}

TEST(Uses, AreThoseOfTheLastDay) {
    metrics::Registry registry;
    const auto requests = [&](const char* method, const char* route, const char* status) {
        return registry.counter("brainbytes_http_requests_total", "",
                                {{"method", method}, {"route", route}, {"status", status}});
    };
    auto chats = requests("POST", "/api/chat", "200");
    UseReadings uses(registry);
    const auto shown = [&](const char* feature) {
        return registry.gauge("brainbytes_feature_uses", "", {{"feature", feature}, {"period", "day"}})
            .value();
    };
    chats.add(3);
    requests("POST", "/api/chat", "429").add(5);
    requests("GET", "/api/materials", "200").add(5);
    uses.read();
    EXPECT_EQ(shown("chat"), 3);
    EXPECT_EQ(shown("material"), 0);
    const auto hours = [&](int count) {
        for (int i = 0; i < count * UseReadings::readings_an_hour; ++i) uses.read();
    };
    hours(12);
    chats.add(4);
    hours(11);
    EXPECT_EQ(shown("chat"), 7);
    hours(2);
    EXPECT_EQ(shown("chat"), 4) << "the first three are of yesterday";
    hours(12);
    EXPECT_EQ(shown("chat"), 0);
}

TEST(Machine, TellsOfDisksThatAreThere) {
    metrics::Registry registry;
    MachineReadings machine(registry, {{"data", {"/proc/nowhere/yet", "/tmp"}}, {"backups", {}}});
    const auto gauge = [&](const char* name, const char* place) {
        return registry.gauge(name, "", {{"place", place}}).value();
    };
    EXPECT_TRUE(std::isnan(gauge("brainbytes_disk_bytes", "data")));
    machine.read();
    EXPECT_TRUE(std::isnan(gauge("brainbytes_disk_bytes", "backups")));
    EXPECT_GT(registry.gauge("process_open_fds", "").value(), 2);
    EXPECT_GE(registry.gauge("process_max_fds", "").value(), registry.gauge("process_open_fds", "").value());
    EXPECT_GT(registry.gauge("brainbytes_memory_bytes", "").value(), 1e6);
}

}  // namespace
}  // namespace bb::app
