#include "features/accounts/sign_in.hpp"

#include "features/accounts/people.hpp"
#include "unit/support/test_database.hpp"

namespace {

using namespace bb;
using namespace bb::accounts;

class SignInTest : public test::DatabaseTest {
protected:
    SignInTest() : sign_in_(db(), "secret"), people_(db()) {}

    std::optional<SignInSecrets> prepare(const std::string& email, const std::string& language = "en") {
        return await(sign_in_.prepare(email, language));
    }
    Result<NewSession> enter(const std::string& email, const std::string& code) {
        return await(sign_in_.by_code(email, code, Client{"Test", ""}));
    }
    Result<NewSession> open(const std::string& token) {
        return await(sign_in_.by_link(token, Client{"Test", ""}));
    }
    Result<NewSession> set_up(const std::string& token, const std::string& email) {
        return await(sign_in_.by_setup_link({token, email, "Admin"}, Client{"Test", ""}));
    }
    std::string setup_token() {
        const auto link = await(create_setup_link(db(), "http://localhost:3000"));
        return link ? link->substr(link->find('#') + 1) : "";
    }
    std::string wrong(const std::string& code) { return code == "000000" ? "000001" : "000000"; }
    std::int64_t count(const std::string& sql) {
        return db::Session(cluster().conninfo()).query("SELECT count(*) FROM " + sql)[0].get<std::int64_t>(0);
    }

    SignIn sign_in_;
    People people_;
    const std::string ana_ = "ana@example.org";
};

TEST_F(SignInTest, CodeMakesAnUnknownAddressAStudent) {
    const auto secrets = prepare(ana_, "fil");
    ASSERT_TRUE(secrets);
    EXPECT_EQ(count("users"), 0) << "nobody is made before the address is proved";
    ASSERT_TRUE(enter(ana_, secrets->code));
    const auto user = await(people_.find_by_email(ana_));
    ASSERT_TRUE(user);
    EXPECT_EQ(user->role, "student");
    EXPECT_EQ(user->name, "ana");
    EXPECT_EQ(user->language, "fil");
}

TEST_F(SignInTest, CodeLetsAKnownPersonInAsTheyAre) {
    const auto made = await(people_.create({ana_, "Ana Cruz", "teacher"}));
    const auto secrets = prepare(ana_, "fil");
    ASSERT_TRUE(enter(ana_, secrets->code));
    const auto user = await(people_.find_by_email(ana_));
    EXPECT_EQ(user->id, made->id);
    EXPECT_EQ(user->role, "teacher");
    EXPECT_EQ(user->language, "en");
    EXPECT_EQ(count("users"), 1);
}

TEST_F(SignInTest, CodeWorksOnce) {
    const auto secrets = prepare(ana_);
    ASSERT_TRUE(enter(ana_, secrets->code));
    EXPECT_EQ(enter(ana_, secrets->code).error().code, ErrorCode::unauthenticated);
    EXPECT_FALSE(open(secrets->link_token)) << "the link of the same mail is used up too";
}

TEST_F(SignInTest, CodeOfOneAddressIsNoneOfAnother) {
    const auto secrets = prepare(ana_);
    EXPECT_FALSE(enter("ben@example.org", secrets->code));
    EXPECT_TRUE(enter(ana_, secrets->code));
}

TEST_F(SignInTest, FiveWrongTriesVoidTheCode) {
    const auto secrets = prepare(ana_);
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(enter(ana_, wrong(secrets->code)));
    EXPECT_FALSE(enter(ana_, secrets->code));
}

TEST_F(SignInTest, FourWrongTriesDoNot) {
    const auto secrets = prepare(ana_);
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(enter(ana_, wrong(secrets->code)));
    EXPECT_TRUE(enter(ana_, secrets->code));
}

TEST_F(SignInTest, TriesAtOnceAreCountedOneByOne) {
    const auto secrets = prepare(ana_);
    auto guess = [&](std::string code) -> Task<void> {
        Client client;
        co_await sign_in_.by_code(ana_, code, std::move(client));
    };
    int ended = 0;
    auto all = [&]() -> Task<void> {
        const auto executor = co_await boost::asio::this_coro::executor;
        for (int i = 0; i < 20; ++i)
            boost::asio::co_spawn(executor, guess(wrong(secrets->code)),
                                  [&ended](std::exception_ptr) { ++ended; });
    };
    await(all());
    let_run_until([&] { return ended == 20; });
    EXPECT_EQ(count("sign_in_codes WHERE attempts = 5"), 1);
    EXPECT_FALSE(enter(ana_, secrets->code));
}

TEST_F(SignInTest, AnEarlierCodeIsGoodUntilOneIsUsed) {
    const auto first = prepare(ana_);
    const auto second = prepare(ana_);
    EXPECT_TRUE(enter(ana_, first->code));
    EXPECT_FALSE(enter(ana_, second->code)) << "a proved address needs no other";
}

TEST_F(SignInTest, CodeAndLinkEndAfterTenMinutes) {
    const auto secrets = prepare(ana_);
    EXPECT_EQ(count("sign_in_codes WHERE expires_at BETWEEN now() + interval '9 minutes' "
                    "AND now() + interval '10 minutes'"),
              1);
    cluster().script("UPDATE sign_in_codes SET expires_at = now() - interval '1 second'");
    EXPECT_FALSE(enter(ana_, secrets->code));
    EXPECT_FALSE(open(secrets->link_token));
}

TEST_F(SignInTest, LinkWorksOnce) {
    const auto secrets = prepare(ana_);
    ASSERT_TRUE(open(secrets->link_token));
    EXPECT_FALSE(open(secrets->link_token));
    EXPECT_FALSE(enter(ana_, secrets->code));
    EXPECT_TRUE(await(people_.find_by_email(ana_)));
}

TEST_F(SignInTest, LinkNobodyMailedIsRefused) {
    EXPECT_FALSE(open(""));
    EXPECT_FALSE(open("short"));
    EXPECT_FALSE(open(crypto::random_token()));
}

TEST_F(SignInTest, NoSecretIsInTheTables) {
    const auto secrets = prepare(ana_);
    const auto session = enter(ana_, secrets->code);
    const auto hash = crypto::hex(crypto::sha256(session->token));
    EXPECT_EQ(count("sessions WHERE encode(token_hash, 'hex') = '" + hash + "'"), 1);
    EXPECT_EQ(count("sign_in_codes WHERE position('" + secrets->code + "'::bytea in code_hash) > 0"), 0);
    EXPECT_EQ(count("sign_in_codes WHERE code_hash = sha256('" + secrets->code + "'::bytea)"), 0);
}

TEST_F(SignInTest, SetupLinkMakesTheFirstAdministratorOnce) {
    EXPECT_TRUE(await(people_.lacks_administrator()));
    const auto token = setup_token();
    ASSERT_FALSE(token.empty());
    ASSERT_TRUE(set_up(token, "admin@example.org"));
    EXPECT_EQ(await(people_.find_by_email("admin@example.org"))->role, "administrator");
    EXPECT_FALSE(await(people_.lacks_administrator()));
    EXPECT_EQ(set_up(token, "second@example.org").error().code, ErrorCode::unauthenticated);
    EXPECT_EQ(setup_token(), "") << "there is an administrator";
}

TEST_F(SignInTest, OneSetupLinkWinsOfTwo) {
    const auto first = setup_token();
    const auto second = setup_token();
    EXPECT_TRUE(set_up(second, "admin@example.org"));
    EXPECT_FALSE(set_up(first, "other@example.org"));
    EXPECT_EQ(count("users"), 1);
}

TEST_F(SignInTest, SetupLinkEndsAfterThirtyMinutes) {
    const auto token = setup_token();
    EXPECT_EQ(count("setup_links WHERE expires_at BETWEEN now() + interval '29 minutes' "
                    "AND now() + interval '30 minutes'"),
              1);
    cluster().script("UPDATE setup_links SET expires_at = now() - interval '1 second'");
    EXPECT_FALSE(set_up(token, "admin@example.org"));
    EXPECT_FALSE(set_up("no token", "admin@example.org"));
}

TEST_F(SignInTest, AStudentWhoWasQuickerDoesNotLockTheOperatorOut) {
    const auto token = setup_token();
    ASSERT_TRUE(enter(ana_, prepare(ana_)->code));
    EXPECT_TRUE(set_up(token, ana_));
    EXPECT_EQ(await(people_.find_by_email(ana_))->role, "administrator");
}

TEST_F(SignInTest, SweepDeletesWhatHasExpired) {
    const auto ana = await(people_.create({ana_, "Ana", "student"}))->id;
    Sessions sessions(db());
    await(sessions.begin(ana, Client{"", ""}));
    await(sessions.begin(ana, Client{"", ""}));
    prepare(ana_);
    setup_token();
    await(sweep_expired(db()));
    EXPECT_EQ(count("sessions"), 2);
    EXPECT_EQ(count("sign_in_codes"), 1);
    EXPECT_EQ(count("setup_links"), 1);

    cluster().script(
        "UPDATE sign_in_codes SET expires_at = now() - interval '2 hours'; "
        "UPDATE setup_links SET expires_at = now() - interval '2 hours'; "
        "UPDATE sessions SET expires_at = now() - interval '1 second' "
        "WHERE id = (SELECT id FROM sessions LIMIT 1)");
    await(sweep_expired(db()));
    EXPECT_EQ(count("sessions"), 1);
    EXPECT_EQ(count("sign_in_codes"), 0);
    EXPECT_EQ(count("setup_links"), 0);
}

}  // namespace
