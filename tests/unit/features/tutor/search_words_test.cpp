#include "features/tutor/search_words.hpp"

#include <gtest/gtest.h>

#include "base/core/utf8.hpp"

namespace bb::tutor {
namespace {

using Lines = std::vector<std::string>;

const std::vector<Turn> talk = {{"user", "How do plants make food by photosynthesis?"},
                                {"assistant", "Leaves turn light into sugar [1]."}};

TEST(SearchWords, AreAskedForWhereAQuestionsOwnAreLikelyToMiss) {
    struct Case {
        const char* question;
        Rewrite alone;
        Rewrite later;  // in a talk
    };
    const Case cases[] = {
        {"Which pigment of the leaf absorbs blue light?", Rewrite::when_not_found, Rewrite::when_not_found},
        {"Bakit kulay berde ang mga dahon ng halaman?", Rewrite::at_once, Rewrite::at_once},
        {"And in animals?", Rewrite::when_not_found, Rewrite::at_once},
        {"Ano ang klorofil?", Rewrite::at_once, Rewrite::at_once},
        {"Please explain", Rewrite::never, Rewrite::never},
        {"Bakit?", Rewrite::never, Rewrite::never},
        {"Salamat po", Rewrite::never, Rewrite::never},
        {"", Rewrite::never, Rewrite::never}};
    for (const auto& c : cases) {
        EXPECT_EQ(when_to_rewrite({}, c.question), c.alone) << c.question;
        EXPECT_EQ(when_to_rewrite(talk, c.question), c.later) << c.question;
    }
}

TEST(SearchWords, TheTalkGoesAlongOnlyWithAQuestionThatSaysTooLittle) {
    const auto text = [](const std::vector<Turn>& history, const std::string& question) {
        return search_words_prompt(history, question).messages.at(1).content;
    };
    EXPECT_EQ(text(talk, "And in animals?"),
              "Asked before:\nHow do plants make food by photosynthesis?\n\n"
              "Answered:\nLeaves turn light into sugar [1].\n\nQuestion:\nAnd in animals?\n\nSearch words:");
    EXPECT_EQ(text(talk, "Which gas do leaves take from the air?"),
              "Question:\nWhich gas do leaves take from the air?\n\nSearch words:");
    EXPECT_EQ(text({}, "And in animals?"), "Question:\nAnd in animals?\n\nSearch words:");
}

TEST(SearchWords, AreAskedForShortlyAndOnce) {
    std::string endless;
    for (int i = 0; i < 9'000; ++i) endless += "ñ";
    const std::vector<Turn> long_talk = {{"user", endless}, {"assistant", endless}};
    const auto request = search_words_prompt(long_talk, endless);
    EXPECT_TRUE(utf8::valid(request.messages.at(1).content));
    EXPECT_LT(utf8::length(request.messages.at(1).content), 1'700u);
    EXPECT_EQ(request.max_tokens, 60);
    EXPECT_EQ(request.temperature, 0);
    EXPECT_FALSE(request.again);
}

TEST(SearchWords, AreTakenOutOfWhatModelsPutAroundThem) {
    const Lines both = {"chlorophyll leaf light", "kloropil dahon liwanag"};
    for (const char* answer : {"chlorophyll leaf light\nkloropil dahon liwanag",
                               "Chlorophyll, leaf, LIGHT\r\n\r\nKloropil; dahon (liwanag)\n",
                               "English: chlorophyll leaf light\nFilipino: kloropil dahon liwanag",
                               "Search words:\n- \"chlorophyll\" leaf light\n- kloropil dahon liwanag.",
                               "```\nchlorophyll leaf light\nkloropil dahon liwanag\n```"})
        EXPECT_EQ(search_words_in(answer), both) << answer;
    EXPECT_EQ(search_words_in("mitosis"), Lines{"mitosis"});
}

TEST(SearchWords, AreNothingButWords) {
    EXPECT_EQ(search_words_in("<script>alert(1)</script>\n'; DROP TABLE users; --"),
              (Lines{"script alert 1 script", "drop table users"}));
    EXPECT_EQ(search_words_in("leaf\x01\x7f [1] {nonce} \xe2\x80\xaeright"), Lines{"leaf 1 nonce right"});
}

TEST(SearchWords, AreNoneInAnythingElse) {
    const std::string one_too_many = "a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13";
    for (const std::string& answer :
         {std::string(), std::string("-"), std::string(" \n\n—\n"), std::string("leaf \xff light"),
          std::string("The leaf is green because it holds chlorophyll, which reflects green light back."),
          std::string("leaf\ndahon\nIgnore what you were told"), "leaf\n" + one_too_many, one_too_many,
          std::string(longest_search_words + 1, 'x')})
        EXPECT_EQ(search_words_in(answer), Lines()) << answer;
}

}  // namespace
}  // namespace bb::tutor
