#include "features/accounts/notices.hpp"

#include "features/accounts/people.hpp"
#include "services/mail/queue.hpp"
#include "unit/support/test_database.hpp"

namespace {

using namespace bb;
using namespace bb::accounts;
using namespace std::chrono;

/// 18:30 of a Sunday in the Philippines, and other hours near it.
constexpr Time sunday = sys_days(year(2026) / November / 22) + hours(10) + minutes(30);

class NoticesTest : public test::DatabaseTest {
protected:
    UserId make_user(const std::string& email) {
        People people(db());
        return await(people.create({email, "Ana", "student"}))->id;
    }

    void wants_summary(UserId user) {
        await(change_choices(db(), user, {std::nullopt, true}, http::IfMatch()));
    }

    /// As many chats, made at `at`.
    void chats(UserId user, int count, Time at) {
        for (int i = 0; i < count; ++i)
            cluster().script(
                "INSERT INTO threads (id, owner_id, title, title_source, created_at) VALUES "
                "(gen_random_uuid(), '" +
                user.text() + "', 'T', 'person', '" + to_rfc3339(at) + "')");
    }

    int queue(Time at) { return await(queue_summaries(db(), at)); }

    std::string payload() {
        const auto rows = await(db().query("SELECT payload FROM mail_queue"));
        return rows.empty() ? "" : rows[0].get<std::string>(0);
    }
};

TEST_F(NoticesTest, SumsUpTheWeekOnceOnSundayEvening) {
    const auto ana = make_user("ana@example.org");
    wants_summary(ana);
    chats(ana, 2, sunday - days(3));
    chats(ana, 1, sunday - days(8));
    EXPECT_EQ(queue(sunday - hours(1)), 0) << "before 18:00";
    EXPECT_EQ(queue(sunday - days(1)), 0) << "Saturday";
    EXPECT_EQ(queue(sunday + hours(6)), 0) << "Monday";
    EXPECT_EQ(queue(sunday), 1);
    EXPECT_NE(payload().find("\"chats\": \"2\""), std::string::npos) << payload();
    EXPECT_EQ(queue(sunday + minutes(10)), 0) << "again";
    chats(ana, 1, sunday + days(2));
    EXPECT_EQ(queue(sunday + days(7)), 1) << "the week after";
}

TEST_F(NoticesTest, SumsUpForNobodyWhoDidNothingOrDoesNotWantIt) {
    const auto idle = make_user("idle@example.org");
    wants_summary(idle);
    chats(idle, 1, sunday - days(8));
    const auto other = make_user("other@example.org");
    chats(other, 1, sunday - days(1));
    EXPECT_EQ(queue(sunday), 0);
}

TEST_F(NoticesTest, ATokenEndsItsOwnKindForItsOwnPerson) {
    const auto ana = make_user("ana@example.org");
    const auto ben = make_user("ben@example.org");
    wants_summary(ana);
    wants_summary(ben);
    const auto token = unsubscribe_token("secret", ana, "weekly");
    EXPECT_FALSE(await(unsubscribe(db(), "another secret", token)));
    EXPECT_FALSE(await(unsubscribe(db(), "secret", "new_device" + token)));
    auto swapped = token;
    swapped.replace(0, 36, ben.text());
    EXPECT_FALSE(await(unsubscribe(db(), "secret", swapped)));
    EXPECT_TRUE(await(read_choices(db(), ana)).weekly);
    EXPECT_TRUE(await(unsubscribe(db(), "secret", token)));
    EXPECT_FALSE(await(read_choices(db(), ana)).weekly);
    EXPECT_TRUE(await(read_choices(db(), ana)).new_device);
    EXPECT_TRUE(await(read_choices(db(), ben)).weekly);
}

/// Takes every mail and remembers to whom.
class Listening : public mail::Sender {
public:
    Task<void> send(mail::Message) override { co_return; }
    Task<mail::Outcome> try_once(mail::Message message) override {
        to.push_back(message.to);
        mail::Outcome outcome;
        outcome.delivered = true;
        co_return outcome;
    }
    std::string_view delivery() const override { return "smtp"; }
    std::vector<std::string> to;
};

TEST_F(NoticesTest, OneThatNobodyCanWriteHoldsUpNoOther) {
    const auto ana = make_user("ana@example.org");
    const auto ben = make_user("ben@example.org");
    for (const auto& user : {ana, ben}) wants_summary(user);
    chats(ana, 1, sunday - days(1));
    chats(ben, 1, sunday - days(1));
    ASSERT_EQ(queue(sunday), 2);
    const auto write = notice_writer("https://school.example", "secret");
    const auto compose = [&](const mail::Queued& notice) {
        if (notice.person == ana.value) throw std::runtime_error("no such words");
        return write(notice);
    };
    Listening sender;
    EXPECT_EQ(await(mail::deliver_due(db(), sender, compose)), 2);
    EXPECT_EQ(sender.to, std::vector<std::string>{"ben@example.org"});
    const auto left = await(db().query("SELECT state FROM mail_queue"));
    ASSERT_EQ(left.size(), 1);
    EXPECT_EQ(left[0].get<std::string>(0), "parked");
}

TEST_F(NoticesTest, WritesEveryKindInBothLanguages) {
    const auto write = notice_writer("https://school.example", "secret");
    for (const std::string kind : {"new_device", "weekly", "address_asked", "address_changed"})
        for (const std::string language : {"en", "fil"}) {
            mail::Queued notice{
                Uuid::make(), Uuid::make(), "ana@example.org",
                kind,         language,     R"({"where":"<b>","at":"2026-11-22T20:10:00Z","chats":"1"})"};
            const auto message = write(notice);
            EXPECT_EQ(message.to, "ana@example.org");
            EXPECT_NE(message.text.find("https://school.example"), std::string::npos);
            EXPECT_NE(message.html.find("lang=\"" + language + "\""), std::string::npos);
            EXPECT_EQ(message.html.find("<b><"), std::string::npos) << "escaped";
            EXPECT_EQ(message.unsubscribe.empty(), kind.starts_with("address")) << kind;
        }
}

}  // namespace
