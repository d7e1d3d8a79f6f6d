#include "services/audit/audit.hpp"

#include "services/audit/log.hpp"
#include "unit/support/test_database.hpp"

namespace {

using namespace bb;

class AuditTest : public test::DatabaseTest {
protected:
    AuditTest() {
        tamper(
            "DELETE FROM audit_entries; DELETE FROM audit_head; "
            "INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'))");
    }

    /// Does what only the owner of the tables can: with the triggers off.
    void tamper(const std::string& sql) {
        constexpr auto off =
            "ALTER TABLE audit_entries DISABLE TRIGGER ALL; ALTER TABLE audit_head DISABLE TRIGGER ALL; ";
        constexpr auto on =
            "; ALTER TABLE audit_entries ENABLE ALWAYS TRIGGER audit_entries_stay; "
            "ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_stays; "
            "ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_moves_on";
        cluster().script(off + sql + on);
    }

    void add(const std::string& action, const std::string& network = "203.0.113.x") {
        await(audit::record(db(), entry(action, network)));
    }

    static audit::Entry entry(const std::string& action, const std::string& network = "203.0.113.x") {
        audit::Entry entry;
        entry.origin.network = network;
        entry.origin.request_id = "r1";
        entry.action = action;
        entry.subject_kind = "person";
        entry.subject_id = "x";
        entry.details = R"({"b":1,"a":"ñ \"quoted\""})";
        return entry;
    }

    audit::Verdict verdict() { return await(audit::verify(db())); }

    void add_three() {
        for (const char* action : {"test.first", "test.second", "test.third"}) add(action);
    }
};

TEST_F(AuditTest, AnEmptyChainIsWhole) {
    EXPECT_EQ(verdict().fault, "");
    EXPECT_EQ(verdict().entries, 0);
}

TEST_F(AuditTest, KeepsWhatItIsTold) {
    auto told = entry("test.done");
    told.origin.person = Uuid::make();
    await(audit::record(db(), told));
    const auto records = await(audit::newest(db(), {}, 10));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].seq, 1);
    EXPECT_EQ(records[0].actor_kind, "person");
    EXPECT_EQ(records[0].actor_id, told.origin.person);
    EXPECT_EQ(records[0].action, "test.done");
    EXPECT_EQ(records[0].subject_id, "x");
    EXPECT_EQ(records[0].network, "203.0.113.x");
    EXPECT_EQ(records[0].request_id, "r1");
    EXPECT_EQ(verdict().fault, "");
}

TEST_F(AuditTest, BelongsToItsTransaction) {
    auto work = [](db::Transaction& tx) -> Task<void> {
        co_await audit::append(tx, entry("test.undone"));
        throw std::runtime_error("no");
    };
    EXPECT_THROW(await(db().transaction(work)), std::runtime_error);
    EXPECT_TRUE(await(audit::newest(db(), {}, 10)).empty());
    EXPECT_EQ(verdict().fault, "");
}

TEST_F(AuditTest, EntriesMadeSideBySideFormOneChain) {
    int open = 40;
    for (int i = 0; i < 40; ++i)
        boost::asio::co_spawn(
            executor(),
            [this, i]() -> Task<void> {
                auto work = [](db::Transaction& tx) -> Task<void> {
                    co_await audit::append(tx, entry("test.tx"));
                };
                if (i % 2 == 0) co_await db().transaction(work);
                if (i % 2 == 1) co_await audit::record(db(), entry("test.alone"));
            },
            [&open](std::exception_ptr failed) {
                EXPECT_FALSE(failed);
                --open;
            });
    for (int i = 0; i < 100 && open > 0; ++i) let_run(std::chrono::milliseconds(50));
    EXPECT_EQ(open, 0);
    EXPECT_EQ(verdict().entries, 40);
    EXPECT_EQ(verdict().fault, "");
}

TEST_F(AuditTest, TheDatabaseRefusesEveryChange) {
    add_three();
    for (const char* sql :
         {"UPDATE audit_entries SET action = 'test.other' WHERE seq = 2", "DELETE FROM audit_entries",
          "DELETE FROM audit_entries WHERE seq = 99", "TRUNCATE audit_entries", "DELETE FROM audit_head",
          "TRUNCATE audit_head", "UPDATE audit_head SET seq = 1",
          "SET session_replication_role = replica; DELETE FROM audit_entries"})
        EXPECT_THROW(cluster().script(sql), db::SqlError) << sql;
    EXPECT_EQ(verdict().entries, 3);
    EXPECT_EQ(verdict().fault, "");
}

TEST_F(AuditTest, VerifyNamesAnAlteredEntry) {
    for (const char* change : {"details = '{\"a\":2}'", "action = 'test.other'",
                               "at = at - interval '1 hour'", "actor_kind = 'operator'", "network = ''",
                               "subject_id = 'y'", "request_id = ''", "hash = sha256('x')"}) {
        tamper(
            "DELETE FROM audit_entries; "
            "UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')");
        add_three();
        tamper(std::string("UPDATE audit_entries SET ") + change + " WHERE seq = 2");
        EXPECT_EQ(verdict().seq, 2) << change;
        EXPECT_EQ(verdict().fault, "Entry 2 is not as it was written.") << change;
        EXPECT_EQ(verdict().entries, 1) << change;
    }
}

TEST_F(AuditTest, VerifyNamesAMissingEntry) {
    add_three();
    tamper("DELETE FROM audit_entries WHERE seq = 2");
    EXPECT_EQ(verdict().seq, 2);
    EXPECT_EQ(verdict().fault, "Entry 2 is missing; the next one there is 3.");
}

TEST_F(AuditTest, VerifyNoticesACutOffEnd) {
    add_three();
    tamper("DELETE FROM audit_entries WHERE seq > 1");
    EXPECT_EQ(verdict().seq, 2);
    EXPECT_EQ(verdict().fault, "The end is cut off: entries 2 to 3 are missing.");
    tamper("UPDATE audit_head SET seq = 1");
    EXPECT_EQ(verdict().fault, "The head of the chain does not fit its last entry.");
    tamper("DELETE FROM audit_head");
    EXPECT_EQ(verdict().fault, "The head of the chain is missing.");
}

TEST_F(AuditTest, VerifyNoticesAnEntryThatWasPushedIn) {
    add_three();
    cluster().script(
        "INSERT INTO audit_entries SELECT 4, at, actor_kind, actor_id, action, subject_kind, subject_id, "
        "network, request_id, details, hash FROM audit_entries WHERE seq = 3");
    EXPECT_EQ(verdict().seq, 4);
    EXPECT_NE(verdict().fault, "");
}

TEST_F(AuditTest, FloodsOfOneKindAreCutShort) {
    const auto fail = [this](const std::string& network) {
        await(audit::record_limited(db(), entry("sign_in.failed", network)));
    };
    for (int i = 0; i < 20; ++i) fail("203.0.113.x");
    auto records = await(audit::newest(db(), {}, 100));
    ASSERT_EQ(records.size(), 5u);
    EXPECT_NE(records[0].details.find("more"), std::string::npos);
    EXPECT_EQ(records[1].details.find("more"), std::string::npos);
    for (int i = 0; i < 200; ++i) fail("2001:db8:" + std::to_string(i) + "::/48");
    EXPECT_EQ(await(audit::newest(db(), {}, 1000)).size(), 60u);
    add("sign_in.succeeded");
    EXPECT_EQ(await(audit::newest(db(), {}, 1000)).size(), 61u);
    EXPECT_EQ(verdict().fault, "");
}

TEST_F(AuditTest, ListsWhatIsAskedFor) {
    add_three();
    auto own = entry("other.thing");
    own.origin.person = Uuid::make();
    await(audit::record(db(), own));
    audit::Filter filter;
    filter.action = "test.";
    EXPECT_EQ(await(audit::newest(db(), filter, 2)).size(), 2u);
    EXPECT_EQ(await(audit::newest(db(), filter, 2))[0].seq, 3);
    EXPECT_EQ(await(audit::following(db(), filter, 1, 10))[0].seq, 2);
    filter.before = 2;
    EXPECT_EQ(await(audit::newest(db(), filter, 10)).size(), 1u);
    audit::Filter person;
    person.person = own.origin.person;
    EXPECT_EQ(await(audit::newest(db(), person, 10)).size(), 1u);
    audit::Filter since;
    since.since = now() + std::chrono::hours(1);
    EXPECT_TRUE(await(audit::newest(db(), since, 10)).empty());
    audit::Filter wild;
    wild.action = "test%";
    EXPECT_TRUE(await(audit::newest(db(), wild, 10)).empty());
}

}  // namespace
