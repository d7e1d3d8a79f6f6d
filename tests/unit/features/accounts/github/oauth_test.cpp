#include "features/accounts/github/oauth.hpp"

#include <gtest/gtest.h>

#include "base/core/crypto.hpp"
#include "features/accounts/local_path.hpp"

namespace {

using namespace bb;
using namespace bb::accounts;

GithubOptions configured(const config::Environment& more) {
    config::Environment environment{{"GITHUB_CLIENT_ID", "id"}, {"GITHUB_CLIENT_SECRET", "a secret&"}};
    environment["GITHUB_CLIENT_SECRET"] = "secret&";
    environment.insert(more.begin(), more.end());
    const auto config = config::Config::load(environment, "/nonexistent");
    return github_options(config.value(), "https://school.example").value();
}

TEST(GithubOptions, FollowTheAddressOfGithub) {
    EXPECT_EQ(configured({}).url, "https://github.com");
    EXPECT_EQ(configured({}).api_url, "https://api.github.com");
    EXPECT_EQ(configured({}).callback, "https://school.example/api/auth/github/callback");
    const auto enterprise = configured({{"GITHUB_URL", "https://git.school.example/"}});
    EXPECT_EQ(enterprise.url, "https://git.school.example");
    EXPECT_EQ(enterprise.api_url, "https://git.school.example/api/v3");
    EXPECT_EQ(configured({{"GITHUB_API_URL", "http://127.0.0.1:9/"}}).api_url, "http://127.0.0.1:9");
}

TEST(GithubOptions, AreNoneWithoutAnApp) {
    const auto config = config::Config::load({}, "/nonexistent");
    EXPECT_FALSE(github_options(config.value(), "https://school.example"));
}

TEST(GithubRequest, ChallengeIsTheOneOfTheBook) {
    crypto::initialize();
    // RFC 7636, appendix B.
    EXPECT_EQ(challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
              "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(GithubRequest, EscapesWhatItSends) {
    const auto options = configured({});
    EXPECT_EQ(
        authorize_url(options, "s", "c"),
        "https://github.com/login/oauth/"
        "authorize?client_id=id&redirect_uri=https%3A%2F%2Fschool.example%2Fapi"
        "%2Fauth%2Fgithub%2Fcallback&scope=user%3Aemail&state=s&code_challenge=c&code_challenge_method=S256");
    const auto form = exchange_form(options, "a&client_id=b", "v");
    EXPECT_NE(form.find("client_secret=secret%26&code=a%26client_id%3Db&"), std::string::npos) << form;
}

TEST(GithubAnswer, TokenIsTakenOrTheReasonIsNamed) {
    EXPECT_EQ(*read_token(200, R"({"access_token":"gho_x","token_type":"bearer","scope":""})"), "gho_x");
    const std::pair<const char*, GithubProblem> refusals[] = {
        {R"({"error":"bad_verification_code"})", GithubProblem::code},
        {R"({"error":"incorrect_client_credentials"})", GithubProblem::setup},
        {R"({"error":"redirect_uri_mismatch"})", GithubProblem::setup},
        {R"({"error":"unverified_user_email"})", GithubProblem::email},
        {R"({"access_token":""})", GithubProblem::garbage},
        {R"({"access_token":7})", GithubProblem::garbage},
        {R"({"access_token":"a b"})", GithubProblem::garbage},
        {R"({})", GithubProblem::garbage},
        {R"([])", GithubProblem::garbage},
        {"access_token=gho_x", GithubProblem::garbage},
        {"", GithubProblem::garbage}};
    for (const auto& [body, problem] : refusals) EXPECT_EQ(read_token(200, body).error(), problem) << body;
    EXPECT_EQ(read_token(400, R"({"error":"bad_verification_code"})").error(), GithubProblem::code);
    EXPECT_EQ(read_token(503, "<html>").error(), GithubProblem::unreachable);
    EXPECT_EQ(read_token(404, R"({"message":"Not Found"})").error(), GithubProblem::setup);
    EXPECT_EQ(read_token(302, "").error(), GithubProblem::garbage);
}

TEST(GithubAnswer, AccountIsItsNumber) {
    const auto account = read_account(200, R"({"id":583231,"login":"octocat","name":" The Octocat "})");
    ASSERT_TRUE(account);
    EXPECT_EQ(account->subject, "583231");
    EXPECT_EQ(account->login, "octocat");
    EXPECT_EQ(account->name, "The Octocat");
    for (const char* name : {R"(null)", R"("")", R"("  ")", R"("a\u0000b")", R"("a\nb")", "7"}) {
        const auto body = R"({"id":1,"login":"octocat","name":)" + std::string(name) + "}";
        EXPECT_EQ(read_account(200, body)->name, "octocat") << name;
    }
    const auto lengthy = R"({"id":1,"login":"o","name":")" + std::string(200, 'n') + "\"}";
    EXPECT_EQ(read_account(200, lengthy)->name.size(), 80u);
}

TEST(GithubAnswer, AccountWithoutNumberOrLoginIsGarbage) {
    for (const char* body :
         {R"({"login":"x"})", R"({"id":1})", R"({"id":"1","login":"x"})", R"({"id":0,"login":"x"})",
          R"({"id":-1,"login":"x"})", R"({"id":1.5,"login":"x"})", R"({"id":1,"login":""})", "null", "x"})
        EXPECT_EQ(read_account(200, body).error(), GithubProblem::garbage) << body;
    EXPECT_EQ(read_account(401, "{}").error(), GithubProblem::garbage);
}

TEST(GithubAnswer, OnlyTheVerifiedPrimaryAddressCounts) {
    EXPECT_EQ(*read_address(200, R"([{"email":"a@example.org","primary":false,"verified":true},)"
                                 R"({"email":"Ana@Example.org","primary":true,"verified":true}])"),
              "ana@example.org");
    for (const char* body :
         {"[]", R"([{"email":"a@example.org","primary":true,"verified":false}])",
          R"([{"email":"a@example.org","primary":false,"verified":true}])",
          R"([{"email":"a@example.org","primary":"true","verified":true}])",
          R"([{"email":"nonsense","primary":true,"verified":true}])", R"([7,null,{"primary":true}])"})
        EXPECT_EQ(read_address(200, body).error(), GithubProblem::email) << body;
    EXPECT_EQ(read_address(403, "{}").error(), GithubProblem::email);
    EXPECT_EQ(read_address(200, "{}").error(), GithubProblem::garbage);
    EXPECT_EQ(read_address(500, "{}").error(), GithubProblem::unreachable);
}

TEST(GithubProblem, EachHasItsOwnName) {
    EXPECT_EQ(slug_of(GithubProblem::off), "github-off");
    EXPECT_EQ(slug_of(GithubProblem::email), "github-email");
    EXPECT_EQ(slug_of(GithubProblem::busy), "github-busy");
}

TEST(LocalPath, IsAPlaceOfThisPageOrNothing) {
    EXPECT_EQ(local_path("/"), "/");
    EXPECT_EQ(local_path("/materials/1?start=2#x"), "/materials/1?start=2#x");
    EXPECT_EQ(local_path("/signs"), "/signs");
    EXPECT_EQ(local_path("/search?q=ñ"), "/search?q=%C3%B1");
    for (const std::string bad :
         {"", "x", "https://evil.example", "//evil.example", "/\\evil.example", "/a\\b", "/a b", "/a\r\nX: y",
          "/\t/evil.example", "/api/auth/github", "/api", "/sign-in", "/sign-in?next=/x", "/sign-in/link"})
        EXPECT_EQ(local_path(bad), "") << bad;
    EXPECT_EQ(local_path("/" + std::string(2000, 'x')), "");
}

}  // namespace
