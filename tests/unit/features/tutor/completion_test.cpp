#include "features/tutor/completion.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace bb::tutor {
namespace {

Result<CompletionRequest> parse(const char* json) {
    return parse_completion_request(boost::json::parse(json));
}

TEST(CompletionRequest, ReadsActionTextAndWish) {
    auto request =
        parse(R"({"action":"translate","text":"Magandang araw\n","prompt":"formal","language":"en"})");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->action, CompletionAction::translate);
    EXPECT_EQ(request->text, "Magandang araw\n");
    EXPECT_EQ(request->prompt, "formal");
    EXPECT_EQ(request->language, "en");
}

TEST(CompletionRequest, APromptAloneIsTheTextOfAnAction) {
    auto request = parse(R"({"action":"summarise","prompt":"Long text"})");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->text, "Long text");
    EXPECT_EQ(request->prompt, "");
    request = parse(R"({"prompt":"Write a poem"})");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->action, CompletionAction::write);
}

TEST(CompletionRequest, NamesWhatIsWrong) {
    struct Case {
        const char* body;
        const char* pointer;
    };
    const Case cases[] = {{"{}", "#/prompt"},
                          {R"({"action":"simplify"})", "#/text"},
                          {R"({"action":"explode","text":"x"})", "#/action"},
                          {R"({"prompt":7})", "#/prompt"},
                          {R"({"prompt":"x","language":"de"})", "#/language"},
                          {R"({"prompt":"a\u0000b"})", "#/prompt"},
                          {R"({"prompt":"x","model":"big"})", "#/model"}};
    for (const auto& c : cases) {
        const auto request = parse(c.body);
        ASSERT_FALSE(request) << c.body;
        ASSERT_EQ(request.error().fields.size(), 1u) << c.body;
        EXPECT_EQ(request.error().fields[0].pointer, c.pointer) << c.body;
    }
    const std::string long_text = R"({"prompt":")" + std::string(20'001, 'x') + "\"}";
    EXPECT_FALSE(parse(long_text.c_str()));
    EXPECT_FALSE(parse("[]"));
}

}  // namespace
}  // namespace bb::tutor
