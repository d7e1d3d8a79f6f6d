#include "features/accounts/people.hpp"

#include "features/accounts/sessions.hpp"
#include "unit/support/test_database.hpp"

namespace {

using namespace bb;
using namespace bb::accounts;

class PeopleTest : public test::DatabaseTest {
protected:
    PeopleTest() : people_(db()), sessions_(db()) {}

    UserId make(const std::string& email) { return await(people_.create({email, "Name", "student"}))->id; }
    NewSession begin(UserId user) {
        return await(sessions_.begin(user, Client{"Firefox on Linux", "203.0.113.x"}));
    }

    People people_;
    Sessions sessions_;
};

TEST_F(PeopleTest, AnAddressBelongsToOnePerson) {
    make("ana@example.org");
    const auto again = await(people_.create({"ana@example.org", "Other", "teacher"}));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::conflict);
    EXPECT_EQ(await(people_.list_everyone()).size(), 1u);
}

TEST_F(PeopleTest, TheDatabaseRefusesAnUnknownRole) {
    EXPECT_THROW(await(people_.create({"ana@example.org", "Ana", "king"})), db::SqlError);
}

TEST_F(PeopleTest, ChangesOnlyWhatIsNamed) {
    const auto ana = make("ana@example.org");
    ProfileChange change;
    change.theme = "dark";
    const auto changed = await(people_.change_profile(ana, change, http::IfMatch()));
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->theme, "dark");
    EXPECT_EQ(changed->name, "Name");
    EXPECT_EQ(changed->language, "en");
    EXPECT_EQ(await(people_.find(ana))->theme, "dark");
}

TEST_F(PeopleTest, WhoIsGoneIsNotFound) {
    const auto nobody = UserId::make();
    EXPECT_FALSE(await(people_.find(nobody)));
    EXPECT_EQ(await(people_.change_profile(nobody, {}, http::IfMatch())).error().code, ErrorCode::not_found);
    EXPECT_FALSE(await(people_.find_by_email("nobody@example.org")));
}

TEST_F(PeopleTest, EveryoneIsListedOldestFirst) {
    make("ben@example.org");
    make("ana@example.org");
    const auto everyone = await(people_.list_everyone());
    ASSERT_EQ(everyone.size(), 2u);
    EXPECT_EQ(everyone[0].email, "ben@example.org");
    EXPECT_EQ(everyone[1].email, "ana@example.org");
}

TEST_F(PeopleTest, SessionsAreTheOwnersOwn) {
    const auto ana = make("ana@example.org");
    const auto ben = make("ben@example.org");
    const auto session = begin(ana);
    EXPECT_EQ(await(sessions_.list(ana)).size(), 1u);
    EXPECT_EQ(await(sessions_.list(ben)).size(), 0u);
    EXPECT_EQ(await(sessions_.end(ben, session.id, audit::by_operator())).error().code, ErrorCode::not_found);
    const auto ended = await(sessions_.end(ana, session.id, audit::by_operator()));
    ASSERT_TRUE(ended);
    EXPECT_EQ(*ended, crypto::sha256(session.token));
    EXPECT_EQ(await(sessions_.list(ana)).size(), 0u);
}

TEST_F(PeopleTest, AllOtherSessionsOfTheOwnerEnd) {
    const auto ana = make("ana@example.org");
    const auto ben = make("ben@example.org");
    begin(ana);
    const auto kept = begin(ana);
    begin(ana);
    begin(ben);
    EXPECT_EQ(await(sessions_.end_others(ana, kept.id, audit::by_operator())).size(), 2u);
    const auto left = await(sessions_.list(ana));
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].id, kept.id);
    EXPECT_EQ(left[0].device, "Firefox on Linux");
    EXPECT_EQ(left[0].network, "203.0.113.x");
    EXPECT_EQ(await(sessions_.list(ben)).size(), 1u);
}

TEST_F(PeopleTest, ExpiredSessionsAreNotListed) {
    const auto ana = make("ana@example.org");
    begin(ana);
    cluster().script("UPDATE sessions SET expires_at = now()");
    EXPECT_EQ(await(sessions_.list(ana)).size(), 0u);
}

}  // namespace
