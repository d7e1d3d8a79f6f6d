#include "features/accounts/session_cache.hpp"

#include "features/accounts/cookie.hpp"
#include "features/accounts/keys.hpp"
#include "features/accounts/people.hpp"
#include "features/accounts/sessions.hpp"
#include "unit/support/test_database.hpp"

namespace {

using namespace bb;
using namespace bb::accounts;

Time clock_time;
Time test_clock() {
    return clock_time;
}

http::Request carrying(const std::string& token) {
    http::Request request;
    request.headers = {{"cookie", std::string(cookie_name(false)) + "=" + token}};
    return request;
}

class SessionCacheTest : public test::DatabaseTest {
protected:
    SessionCacheTest() : sessions_(db()), cache_(db(), test_clock) {
        clock_time = now();
        cache_.set_trusted(true);
        ana_ = make_user("ana@example.org");
    }

    UserId make_user(const std::string& email) {
        People people(db());
        return await(people.create({email, "Ana", "student"}))->id;
    }

    NewSession begin(UserId user) { return await(sessions_.begin(user, Client{"Test", ""})); }

    std::optional<http::Principal> who(const std::string& token) {
        const auto request = carrying(token);
        return await(cache_.authenticate(request));
    }

    /// Written behind the answer.
    bool seen_just_now() {
        const auto rows =
            db::Session(cluster().conninfo())
                .query("SELECT count(*) FROM sessions WHERE last_seen_at > now() - interval '1 minute'");
        return rows[0].get<std::int64_t>(0) > 0;
    }

    void delete_behind_its_back(const NewSession& session) {
        cluster().script("DELETE FROM sessions WHERE id = '" + session.id.text() + "'");
    }

    UserId ana_;
    Sessions sessions_;
    SessionCache cache_;
};

TEST_F(SessionCacheTest, KnowsWhoCarriesAToken) {
    const auto session = begin(ana_);
    const auto principal = who(session.token);
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->user, ana_.value);
    EXPECT_EQ(principal->session, session.id.value);
    EXPECT_EQ(principal->role, "student");
    EXPECT_EQ(cache_.size(), 1u);
}

TEST_F(SessionCacheTest, KnowsNobodyByAnotherText) {
    EXPECT_FALSE(who(""));
    EXPECT_FALSE(who("short"));
    EXPECT_FALSE(who(crypto::random_token()));
    EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(SessionCacheTest, AnswersFromMemoryForAMinute) {
    const auto session = begin(ana_);
    ASSERT_TRUE(who(session.token));
    delete_behind_its_back(session);
    clock_time += SessionCache::lifetime - std::chrono::seconds(1);
    EXPECT_TRUE(who(session.token));
    clock_time += std::chrono::seconds(1);
    EXPECT_FALSE(who(session.token));
    EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(SessionCacheTest, ForgetsAnEndedSessionByItsHash) {
    const auto session = begin(ana_);
    const auto other = begin(ana_);
    ASSERT_TRUE(who(session.token));
    ASSERT_TRUE(who(other.token));
    delete_behind_its_back(session);
    cache_.forget(crypto::hex(crypto::sha256(session.token)));
    EXPECT_FALSE(who(session.token));
    EXPECT_TRUE(who(other.token));
}

TEST_F(SessionCacheTest, ForgetsAllSessionsOfAPerson) {
    const auto ben = make_user("ben@example.org");
    const auto first = begin(ana_);
    const auto second = begin(ana_);
    const auto other = begin(ben);
    for (const auto& session : {first, second, other}) ASSERT_TRUE(who(session.token));
    cache_.forget(ana_.text());
    EXPECT_EQ(cache_.size(), 1u);
    cluster().script("UPDATE users SET role = 'teacher' WHERE id = '" + ana_.text() + "'");
    EXPECT_EQ(who(first.token)->role, "teacher");
}

TEST_F(SessionCacheTest, KnowsWhoseAKeyIsAndForgetsItByItsHash) {
    Keys keys(db());
    const auto made = await(keys.create(ana_, {"Backup", {"read"}}, {ana_.value}));
    ASSERT_TRUE(made);
    http::Request request;
    request.headers = {{"authorization", "Bearer " + made->token}};
    const auto principal = await(cache_.authenticate(request));
    ASSERT_TRUE(principal && principal->key);
    EXPECT_EQ(principal->user, ana_.value);
    EXPECT_EQ(principal->key->id, made->key.id.value);
    EXPECT_EQ(principal->key->scopes, std::vector<std::string>{"read"});
    EXPECT_EQ(cache_.size(), 1u);
    const auto ended = await(keys.revoke(ana_, made->key.id, {ana_.value}));
    ASSERT_TRUE(ended);
    cache_.forget(crypto::hex(*ended));
    EXPECT_FALSE(await(cache_.authenticate(request)));
}

TEST_F(SessionCacheTest, ABadKeyIsNobodyWhateverTheCookieSays) {
    const auto session = begin(ana_);
    auto request = carrying(session.token);
    ASSERT_TRUE(await(cache_.authenticate(request)));
    for (const std::string credential : {"bb_x", "", session.token.c_str()}) {
        request.headers.push_back({"authorization", "Bearer " + credential});
        EXPECT_FALSE(await(cache_.authenticate(request))) << credential;
        request.headers.pop_back();
    }
}

TEST_F(SessionCacheTest, ForgetsEverythingOnAMessageItDoesNotUnderstand) {
    const auto session = begin(ana_);
    ASSERT_TRUE(who(session.token));
    cache_.forget("something of a newer release");
    EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(SessionCacheTest, AsksEachTimeWhileItIsNotTold) {
    const auto session = begin(ana_);
    ASSERT_TRUE(who(session.token));
    cache_.set_trusted(false);
    EXPECT_EQ(cache_.size(), 0u);
    ASSERT_TRUE(who(session.token));
    EXPECT_EQ(cache_.size(), 0u);
    delete_behind_its_back(session);
    EXPECT_FALSE(who(session.token));
}

TEST_F(SessionCacheTest, DoesNotRememberWhatEndedWhileItAsked) {
    const auto session = begin(ana_);
    auto ask = [&]() -> Task<std::optional<http::Principal>> {
        const auto request = carrying(session.token);
        co_return co_await cache_.authenticate(request);
    };
    auto both = [&]() -> Task<void> {
        const auto executor = co_await boost::asio::this_coro::executor;
        boost::asio::post(executor, [&] { cache_.forget(crypto::hex(crypto::sha256(session.token))); });
        co_await ask();
    };
    await(both());
    EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(SessionCacheTest, DoesNotKnowASessionPastItsEnd) {
    const auto session = begin(ana_);
    ASSERT_TRUE(who(session.token));
    cluster().script("UPDATE sessions SET expires_at = now() - interval '1 second'");
    cache_.flush();
    EXPECT_FALSE(who(session.token));
}

TEST_F(SessionCacheTest, DoesNotKnowASessionAfterNinetyDays) {
    const auto session = begin(ana_);
    cluster().script("UPDATE sessions SET created_at = now() - interval '89 days'");
    EXPECT_TRUE(who(session.token));
    cluster().script("UPDATE sessions SET created_at = now() - interval '90 days'");
    cache_.flush();
    EXPECT_FALSE(who(session.token));
}

TEST_F(SessionCacheTest, DoesNotKnowASuspendedPerson) {
    const auto session = begin(ana_);
    ASSERT_TRUE(who(session.token));
    cluster().script("UPDATE users SET suspended_at = now()");
    cache_.forget(ana_.text());
    EXPECT_FALSE(who(session.token)) << "also when the session is still in the table";
}

TEST_F(SessionCacheTest, MovesTheEndNotBeyondNinetyDays) {
    const auto session = begin(ana_);
    cluster().script(
        "UPDATE sessions SET last_seen_at = now() - interval '11 minutes', "
        "created_at = now() - interval '80 days'");
    ASSERT_TRUE(who(session.token));
    let_run_until([this] { return seen_just_now(); });
    const auto rows = db::Session(cluster().conninfo())
                          .query(
                              "SELECT s.expires_at = s.created_at + interval '90 days', "
                              "u.last_seen_at > now() - interval '1 minute' "
                              "FROM sessions s JOIN users u ON u.id = s.user_id");
    EXPECT_TRUE(rows[0].get<bool>(0));
    EXPECT_TRUE(rows[0].get<bool>(1));
}

TEST_F(SessionCacheTest, DropsARememberedSessionAtItsEnd) {
    const auto session = begin(ana_);
    cluster().script("UPDATE sessions SET expires_at = now() + interval '5 seconds'");
    ASSERT_TRUE(who(session.token));
    clock_time += std::chrono::seconds(10);
    delete_behind_its_back(session);
    EXPECT_FALSE(who(session.token));
}

TEST_F(SessionCacheTest, MovesTheEndOfASessionInUseOnBehindTheAnswer) {
    const auto session = begin(ana_);
    cluster().script(
        "UPDATE sessions SET last_seen_at = now() - interval '11 minutes', "
        "expires_at = now() + interval '1 day'");
    ASSERT_TRUE(who(session.token));
    let_run_until([this] { return seen_just_now(); });
    const auto rows = db::Session(cluster().conninfo())
                          .query(
                              "SELECT last_seen_at > now() - interval '1 minute', "
                              "expires_at > now() + interval '29 days' FROM sessions");
    EXPECT_TRUE(rows[0].get<bool>(0));
    EXPECT_TRUE(rows[0].get<bool>(1));
}

TEST_F(SessionCacheTest, WritesNothingForASessionSeenJustNow) {
    const auto session = begin(ana_);
    cluster().script(
        "UPDATE sessions SET last_seen_at = now() - interval '5 minutes', "
        "expires_at = now() + interval '1 day'");
    ASSERT_TRUE(who(session.token));
    let_run(std::chrono::milliseconds(100));
    const auto rows = db::Session(cluster().conninfo())
                          .query("SELECT expires_at < now() + interval '2 days' FROM sessions");
    EXPECT_TRUE(rows[0].get<bool>(0));
}

TEST_F(SessionCacheTest, IsBounded) {
    cluster().script(
        "INSERT INTO sessions (id, user_id, token_hash, device, network, expires_at) "
        "SELECT gen_random_uuid(), '" +
        ana_.text() +
        "', sha256(convert_to(rpad(n::text, 43, '_'), 'UTF8')), "
        "'', '', now() + interval '1 day' FROM generate_series(1, 4100) n");
    for (int n = 1; n <= 4100; ++n) {
        auto token = std::to_string(n);
        token.resize(43, '_');
        ASSERT_TRUE(who(token)) << n;
    }
    EXPECT_EQ(cache_.size(), SessionCache::capacity);
}

}  // namespace
