#include "features/accounts/recovery_codes.hpp"

#include <set>

#include "features/accounts/people.hpp"
#include "unit/support/test_database.hpp"

namespace {

using namespace bb;
using namespace bb::accounts;

TEST(RecoveryCode, IsReadHoweverItIsTyped) {
    const auto code = make_recovery_code();
    EXPECT_EQ(code.size(), 19u);
    ASSERT_TRUE(parse_recovery_code(code));
    EXPECT_EQ(parse_recovery_code("abcd-efgh-jkmn-pqrs"), "ABCDEFGHJKMNPQRS");
    EXPECT_EQ(parse_recovery_code(" oiL0 0000 0000 0000 "), "0110000000000000");
    for (const char* text :
         {"", "ABCD-EFGH-JKMN-PQR", "ABCD-EFGH-JKMN-PQRST", "UBCD-EFGH-JKMN-PQRS", "ABCD.EFGH"})
        EXPECT_FALSE(parse_recovery_code(text)) << text;
}

class RecoveryCodesTest : public test::DatabaseTest {
protected:
    RecoveryCodesTest() : codes_(db(), "secret") {
        People people(db());
        ana_ = await(people.create({"ana@example.org", "Ana", "student"}))->id;
        ben_ = await(people.create({"ben@example.org", "Ben", "student"}))->id;
    }
    Result<RecoveredSession> enter(const std::string& email, const std::string& code) {
        return await(codes_.sign_in(email, parse_recovery_code(code).value(), Client{"Test", ""}));
    }

    RecoveryCodes codes_;
    UserId ana_;
    UserId ben_;
};

TEST_F(RecoveryCodesTest, TenDifferentOnesWorkOnceEach) {
    EXPECT_EQ(await(codes_.standing(ana_)).left, 0);
    EXPECT_FALSE(await(codes_.standing(ana_)).created_at);
    const auto codes = await(codes_.renew(ana_, {}));
    EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), 10u);
    EXPECT_EQ(await(codes_.standing(ana_)).left, 10);
    int left = 10;
    for (const auto& code : codes) {
        const auto recovered = enter("ana@example.org", code);
        ASSERT_TRUE(recovered);
        EXPECT_EQ(recovered->left, --left);
        EXPECT_EQ(enter("ana@example.org", code).error().code, ErrorCode::unauthenticated);
    }
    EXPECT_TRUE(await(codes_.standing(ana_)).created_at);
}

TEST_F(RecoveryCodesTest, NewOnesVoidTheOldAndNobodyElses) {
    const auto old = await(codes_.renew(ana_, {}));
    const auto bens = await(codes_.renew(ben_, {}));
    const auto fresh = await(codes_.renew(ana_, {}));
    EXPECT_FALSE(enter("ana@example.org", old[0]));
    EXPECT_TRUE(enter("ana@example.org", fresh[0]));
    EXPECT_TRUE(enter("ben@example.org", bens[0]));
}

TEST_F(RecoveryCodesTest, ACodeIsOneOfItsOwnersAddress) {
    const auto codes = await(codes_.renew(ana_, {}));
    EXPECT_FALSE(enter("ben@example.org", codes[0]));
    EXPECT_FALSE(enter("nobody@example.org", codes[0]));
    EXPECT_TRUE(enter("ana@example.org", codes[0]));
}

TEST_F(RecoveryCodesTest, AnotherSecretMakesThemWorthless) {
    const auto codes = await(codes_.renew(ana_, {}));
    RecoveryCodes elsewhere(db(), "other");
    const auto code = *parse_recovery_code(codes[0]);
    EXPECT_FALSE(await(elsewhere.sign_in("ana@example.org", code, Client{"Test", ""})));
}

}  // namespace
