#include "services/llm/extractive.hpp"

#include <gtest/gtest.h>

#include "base/core/utf8.hpp"
#include "services/llm/quotable.hpp"

namespace bb::llm {
namespace {

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::vector<Passage> biology() {
    return {{"Cells",
             {"Parts", "Membrane"},
             "## Membrane\nThe cell membrane surrounds every living cell and controls what enters it.[3] "
             "It was first described long ago. Osmosis is the movement of water through a membrane.\n"},
            {"Plants", {}, "Plant cells have a rigid wall outside the membrane. Leaves are usually green."}};
}

TEST(QuotableSentences, AreTheProseOfAMarkdownText) {
    const auto sentences = quotable_sentences(
        "# Heading with many words\n\nFirst sentence here. Second one,\nover two lines!\n\n- A point in a "
        "list\n"
        "1. Another point in it\n\n```\nint not_a_sentence = 1;\n```\n| a | b | c |\n|---|---|---|\n"
        "> A quoted line of text.\n\nToo short.\nSee e.g. the second part, by Dr. Cruz et al. in detail.");
    const std::vector<std::string> expected = {
        "First sentence here.",   "Second one, over two lines!",
        "A point in a list",      "Another point in it",
        "A quoted line of text.", "See e.g. the second part, by Dr. Cruz et al. in detail."};
    EXPECT_EQ(sentences.size(), expected.size());
    for (std::size_t i = 0; i < std::min(sentences.size(), expected.size()); ++i)
        EXPECT_TRUE(has(sentences[i], expected[i])) << sentences[i];
}

TEST(QuotableSentences, AreBoundedAndValid) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "ñandú ";
    const auto sentences = quotable_sentences(text);
    ASSERT_EQ(sentences.size(), 1u);
    EXPECT_TRUE(utf8::valid(sentences[0]));
    EXPECT_LE(utf8::length(sentences[0]), 401u);
    EXPECT_TRUE(quotable_sentences("").empty());
    EXPECT_TRUE(quotable_sentences("```\nnever closed\nand more and more").empty());
}

TEST(WordsOf, SplitsAtPunctuationOfEveryKind) {
    EXPECT_EQ(words_of("“Well-known” cells—don't, Ñino 3.5"),
              (std::vector<std::string>{"well-known", "cells", "don't", "Ñino", "3", "5"}));
}

TEST(Akin, KnowsFormsOfAWord) {
    EXPECT_TRUE(akin("membrane", "membranes"));
    EXPECT_TRUE(akin("aral", "nag-aaral"));
    EXPECT_TRUE(akin("photosynthesis", "photosynthetic"));
    EXPECT_FALSE(akin("cell", "wall"));
    EXPECT_FALSE(akin("it", "item"));
}

TEST(ExtractiveAnswer, QuotesWhatFitsWithItsNumberAndSource) {
    const auto answer = extractive_answer("What does the cell membrane control?", biology(), true, "en");
    EXPECT_TRUE(has(answer, "no language model")) << answer;
    EXPECT_TRUE(
        has(answer, "> The cell membrane surrounds every living cell and controls what enters it. [1]\n"))
        << answer;
    EXPECT_TRUE(has(answer, "> — *Cells › Parts › Membrane*")) << answer;
    EXPECT_FALSE(has(answer, "[3]")) << "a footnote mark would be taken for a citation";
    EXPECT_FALSE(has(answer, "Leaves are usually green")) << answer;
    EXPECT_TRUE(has(answer, "**One question for you:**"));
}

TEST(ExtractiveAnswer, AsksAboutASentenceThatItDidNotQuote) {
    const std::vector<Passage> passages = {
        {"Cells",
         {},
         "The membrane controls what enters. The nucleus contains the chromosomes of every cell."}};
    const auto answer = extractive_answer("membrane", passages, true, "en");
    EXPECT_TRUE(has(answer, "> The nucleus contains the ____ of every cell. [1]")) << answer;
}

TEST(ExtractiveAnswer, AsksForOwnWordsWhenNothingHasAGap) {
    const std::vector<Passage> passages = {{"Sums", {}, "Area is $a \\cdot b$ always."}};
    EXPECT_TRUE(has(extractive_answer("area", passages, true, "en"), "in your own words?"));
}

TEST(ExtractiveAnswer, SaysPlainlyWhenNothingFits) {
    const auto answer = extractive_answer("Who won the war?", biology(), false, "en");
    EXPECT_TRUE(has(answer, "I found nothing about this")) << answer;
    EXPECT_FALSE(has(answer, "[1]"));
    EXPECT_TRUE(has(extractive_answer("x", {}, true, "en"), "I found nothing"));
}

TEST(ExtractiveAnswer, SpeaksFilipino) {
    const auto answer = extractive_answer("Ano ang membrane?", biology(), true, "fil");
    EXPECT_TRUE(has(answer, "Isang tanong para sa iyo")) << answer;
    EXPECT_TRUE(has(extractive_answer("Ano?", biology(), false, "fil"), "Wala akong nakitang"));
}

TEST(ExtractiveAnswer, AMisspeltQuestionStillGetsTheBestPassage) {
    const auto answer = extractive_answer("qqqq zzzz", biology(), true, "en");
    EXPECT_TRUE(has(answer, "[1]")) << answer;
}

TEST(ExtractiveAnswer, ATitleCannotDrawMarkdown) {
    auto passages = biology();
    passages[0].title = "A*b_[link](x)\n# big";
    const auto answer = extractive_answer("membrane", passages, true, "en");
    EXPECT_TRUE(has(answer, "A\\*b\\_\\[link\\](x) \\# big")) << answer;
}

TEST(ExtractiveAnswer, TheSameSentenceInTwoMaterialsIsQuotedOnce) {
    std::vector<Passage> passages = {{"A", {}, "Water boils at one hundred degrees."},
                                     {"B", {}, "Water boils at one hundred degrees."}};
    const auto answer = extractive_answer("water boils", passages, true, "en");
    const auto first = answer.find("> Water boils at one");
    EXPECT_NE(first, std::string::npos);
    EXPECT_FALSE(has(answer, "hundred degrees. [2]")) << answer;
}

TEST(ExtractiveSummary, KeepsTheTellingSentencesInOrder) {
    const auto summary = extractive_summary(
        "Cells are the units of life. Every cell has a membrane. I had lunch on Tuesday. A cell membrane "
        "controls what "
        "enters the cell. Thank you all very much.",
        3);
    EXPECT_EQ(summary,
              "- Cells are the units of life.\n- Every cell has a membrane.\n- A cell membrane controls what "
              "enters the "
              "cell.\n");
    EXPECT_EQ(extractive_summary(""), "");
}

}  // namespace
}  // namespace bb::llm
