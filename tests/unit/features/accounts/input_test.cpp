#include "features/accounts/input.hpp"

#include <gtest/gtest.h>

#include "base/core/json_reader.hpp"

namespace {

using namespace bb;
using namespace bb::accounts;
using Pointers = std::vector<std::string>;

template <class T>
Pointers bad_fields(const Result<T>& parsed) {
    Pointers bad;
    if (!parsed) {
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_input);
        for (const auto& field : parsed.error().fields) bad.push_back(field.pointer);
    }
    return bad;
}

boost::json::value json(const char* text) {
    return parse_json(text).value();
}

TEST(AccountInput, CodeRequestHasAnAddressAndMayHaveALanguage) {
    const auto plain = parse_code_request(json(R"({"email":" ANA@example.org "})"));
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->email, "ana@example.org");
    EXPECT_EQ(plain->language, "en");
    EXPECT_EQ(parse_code_request(json(R"({"email":"ana@example.org","language":"fil"})"))->language, "fil");
}

TEST(AccountInput, EveryBadFieldIsNamedOnce) {
    struct Case {
        const char* body;
        Pointers bad;
    };
    const Case requests[] = {
        {R"({})", {"#/email"}},
        {R"({"email":7})", {"#/email"}},
        {R"({"email":""})", {"#/email"}},
        {R"({"email":"ana"})", {"#/email"}},
        {R"({"email":"ana\u0000@example.org"})", {"#/email"}},
        {R"({"email":"ana","language":"tlh"})", {"#/email", "#/language"}},
        {R"({"email":"ana@example.org","admin":true})", {"#/admin"}},
    };
    for (const auto& c : requests) EXPECT_EQ(bad_fields(parse_code_request(json(c.body))), c.bad) << c.body;

    const Case entries[] = {
        {R"({})", {"#/email", "#/code"}},
        {R"({"email":"ana@example.org","code":123456})", {"#/code"}},
        {R"({"email":"ana@example.org","code":"12345"})", {"#/code"}},
    };
    for (const auto& c : entries) EXPECT_EQ(bad_fields(parse_code_entry(json(c.body))), c.bad) << c.body;

    const Case setups[] = {
        {R"({})", {"#/token", "#/email", "#/name"}},
        {R"({"token":"t","email":"ana@example.org","name":"  "})", {"#/name"}},
        {R"({"token":"t","email":"ana@example.org","name":"A\nB"})", {"#/name"}},
    };
    for (const auto& c : setups)
        EXPECT_EQ(bad_fields(parse_first_administrator(json(c.body))), c.bad) << c.body;

    EXPECT_EQ(bad_fields(parse_link_entry(json("{}"))), Pointers{"#/token"});
    EXPECT_FALSE(parse_link_entry(json("[]")));
    EXPECT_FALSE(parse_code_request(json("null")));
}

TEST(AccountInput, CodeMayBeTypedWithASpace) {
    EXPECT_EQ(parse_code_entry(json(R"({"email":"ana@example.org","code":"123 456"})"))->code, "123456");
}

TEST(AccountInput, ProfileChangeTouchesOnlyWhatItNames) {
    const auto change = parse_profile_change(json(R"({"name":" Ana ","theme":"dark"})"));
    ASSERT_TRUE(change);
    EXPECT_EQ(change->name, "Ana");
    EXPECT_EQ(change->theme, "dark");
    EXPECT_EQ(change->language, std::nullopt);
    EXPECT_TRUE(parse_profile_change(json("{}")));
}

TEST(AccountInput, ProfileChangeCannotRaiseAnyone) {
    const auto change = parse_profile_change(json(R"({"role":"administrator","email":"x@y.org","id":"1"})"));
    auto bad = bad_fields(change);
    std::sort(bad.begin(), bad.end());
    EXPECT_EQ(bad, (Pointers{"#/email", "#/id", "#/role"}));
    EXPECT_EQ(bad_fields(parse_profile_change(json(R"({"name":"","language":"de","theme":"blue"})"))),
              (Pointers{"#/name", "#/language", "#/theme"}));
    const auto long_name = "{\"name\":\"" + std::string(81, 'n') + "\"}";
    EXPECT_EQ(bad_fields(parse_profile_change(json(long_name.c_str()))), Pointers{"#/name"});
}

}  // namespace
