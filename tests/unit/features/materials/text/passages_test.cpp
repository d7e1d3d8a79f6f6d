#include "features/materials/text/passages.hpp"

#include <gtest/gtest.h>

#include <ctime>

#include "base/core/utf8.hpp"

namespace bb::materials::text {
namespace {

using Path = std::vector<std::string>;

std::string sentences(int count, std::string_view word = "word") {
    std::string text;
    for (int i = 0; i < count; ++i)
        text += "Sentence number " + std::to_string(i) + " says that " + std::string(word) + " comes next. ";
    return text;
}

void expect_exact(std::string_view text, const std::vector<Passage>& passages) {
    std::int32_t last = 0;
    for (const Passage& passage : passages) {
        EXPECT_LE(last, passage.start);
        EXPECT_LT(passage.start, passage.end);
        const std::size_t from = utf8::offset_of(text, static_cast<std::size_t>(passage.start));
        const std::size_t to = utf8::offset_of(text, static_cast<std::size_t>(passage.end));
        EXPECT_TRUE(passage.text.ends_with(text.substr(from, to - from)));
        EXPECT_TRUE(passage.text.size() == to - from || passage.text.starts_with("| "));  // a head
        EXPECT_LE(estimate_tokens(passage.text), 400);
        last = passage.end;
    }
}

TEST(CutPassages, FollowsHeadings) {
    const std::string text =
        "Opening words.\n\n# Plants\n\nThey are green.\n\n## Leaves #\n\nLeaves make **sugar**.\n\n"
        "## Roots\nRoots drink.\n\nAnimals\n=======\n\nThey move.\n";
    const auto passages = cut_passages(text, Format::markdown);
    expect_exact(text, passages);
    ASSERT_EQ(passages.size(), 5u);
    EXPECT_EQ(passages[0].heading_path, Path{});
    EXPECT_EQ(passages[1].heading_path, Path{"Plants"});
    EXPECT_EQ(passages[2].heading_path, (Path{"Plants", "Leaves"}));
    EXPECT_EQ(passages[2].text, "Leaves make **sugar**.");
    EXPECT_EQ(passages[3].heading_path, (Path{"Plants", "Roots"}));
    EXPECT_EQ(passages[4].heading_path, Path{"Animals"});
}

TEST(CutPassages, KeepsLongSectionsBetweenTheBoundsAndAtSentenceEnds) {
    const std::string text = "# Long\n\n" + sentences(200);
    const auto passages = cut_passages(text, Format::markdown);
    expect_exact(text, passages);
    ASSERT_GT(passages.size(), 3u);
    for (const Passage& passage : passages) {
        EXPECT_EQ(passage.text.back(), '.');
        EXPECT_TRUE(passage.text.starts_with("Sentence"));
        EXPECT_GE(estimate_tokens(passage.text), 200);
    }
}

TEST(CutPassages, DoesNotEndASentenceAtAnAbbreviationADecimalOrInMaths) {
    std::string text;
    for (int i = 0; i < 60; ++i)
        text += "Dr. Cruz (e.g. A. Cruz) found 3.14 in Fig. 2 where $x. Y = 2$ holds for the set. ";
    const auto passages = cut_passages(text, Format::plain);
    ASSERT_GT(passages.size(), 1u);
    for (const Passage& passage : passages) {
        EXPECT_TRUE(passage.text.starts_with("Dr. Cruz")) << passage.text.substr(0, 40);
        EXPECT_TRUE(passage.text.ends_with("for the set.")) << passage.text;
    }
}

TEST(CutPassages, SeesNoHeadingInCodeOrPlainText) {
    const std::string code = "```\n# not a heading\n\n## nor this\n```\n";
    ASSERT_EQ(cut_passages(code, Format::markdown).size(), 1u);
    EXPECT_EQ(cut_passages(code, Format::markdown)[0].heading_path, Path{});
    EXPECT_EQ(cut_passages("# plain", Format::plain)[0].text, "# plain");
}

TEST(CutPassages, KeepsABareHeading) {
    const auto passages = cut_passages("# Only a title", Format::markdown);
    ASSERT_EQ(passages.size(), 1u);
    EXPECT_EQ(passages[0].text, "# Only a title");
    EXPECT_EQ(passages[0].heading_path, Path{"Only a title"});
}

TEST(CutPassages, BreaksTablesAtTheirRows) {
    std::string table = "| n | square |\n|---|---|\n";
    for (int i = 0; i < 120; ++i) table += "| " + std::to_string(i) + " | " + std::to_string(i * i) + " |\n";
    const auto passages = cut_passages(table, Format::markdown);
    expect_exact(table, passages);
    ASSERT_GT(passages.size(), 1u);
    for (const Passage& passage : passages) {
        EXPECT_EQ(passage.text.front(), '|');
        EXPECT_EQ(passage.text.back(), '|');
    }
}

TEST(CutPassages, CountsInCodePoints) {
    const std::string text =
        "# Ñandú 🙂\r\n\r\nÉl dice «sí». 光合成 here.\r\n\r\n## Más\r\n\r\nFin 🙂.\r\n";
    const auto passages = cut_passages(text, Format::markdown);
    expect_exact(text, passages);
    ASSERT_EQ(passages.size(), 2u);
    EXPECT_EQ(passages[1].text, "Fin 🙂.");
}

TEST(CutPassages, BreaksWhatHasNoSentences) {
    for (const std::string& text : {std::string(30'000, 'x'), std::string(5'000, '.'), [] {
                                        std::string s;
                                        for (int i = 0; i < 3000; ++i) s += "光";
                                        return s;
                                    }()}) {
        const auto passages = cut_passages(text, Format::plain);
        expect_exact(text, passages);
        std::size_t together = 0;
        for (const Passage& passage : passages) together += passage.text.size();
        EXPECT_EQ(together, text.size());
    }
}

TEST(CutPassages, FindsNothingInNothing) {
    EXPECT_TRUE(cut_passages("", Format::markdown).empty());
    EXPECT_TRUE(cut_passages(" \n\r\n\t", Format::markdown).empty());
}

TEST(CutPassages, GuessesTheLanguageOfEachPassage) {
    const auto passages = cut_passages(
        "# A\n\nThe cell is the unit of life.\n\n# B\n\nAng selula ay yunit ng buhay ng mga halaman.\n",
        Format::markdown);
    ASSERT_EQ(passages.size(), 2u);
    EXPECT_EQ(passages[0].language, Language::english);
    EXPECT_EQ(passages[1].language, Language::filipino);
}

TEST(CutPassages, IsQuickOnLargeTexts) {
    const std::string text = sentences(100'000);
    const auto passages = cut_passages(text, Format::markdown);
    expect_exact(text.substr(0, 100'000), {passages.begin(), passages.begin() + 20});
    EXPECT_GT(passages.size(), 1'000u);
}

/// Cuts `megabytes` of nothing but `piece`; the processor time it takes, in ticks of std::clock().
std::clock_t time_to_cut(const std::string& piece, std::size_t megabytes) {
    std::string text;
    while (text.size() < megabytes << 20) text += piece;
    const auto start = std::clock();
    const auto passages = cut_passages(text, Format::plain);
    const auto taken = std::clock() - start;
    EXPECT_GT(passages.size(), 5 * megabytes) << piece;
    for (const Passage& passage : passages) EXPECT_LE(estimate_tokens(passage.text), 400) << piece;
    return taken;
}

TEST(CutPassages, TakesNoLongerThanItsLengthWithoutASentenceEnd) {
    for (const std::string& piece : {std::string("1,2,"), std::string("word "), std::string("αβγδ"),
                                     std::string("a") + std::string(500, ' ')})
        // Ten times as long as a tenth; a hundred times when what is left is counted again after each cut.
        EXPECT_LT(time_to_cut(piece, 10), 40 * time_to_cut(piece, 1)) << piece;
}

TEST(Passages, StayOnTheirPage) {
    const auto passages = cut_passages("One leaf.\n\f\n\f\nThree roots.\n\nMore of them.\n", Format::plain);
    ASSERT_EQ(passages.size(), 2u);
    EXPECT_EQ(passages[0].page, 1);
    EXPECT_EQ(passages[0].text, "One leaf.");
    EXPECT_EQ(passages[1].page, 3);
    EXPECT_EQ(passages[1].text, "Three roots.\n\nMore of them.");
    EXPECT_EQ(cut_passages("No pages.", Format::plain).at(0).page, 0);
    const auto slides = cut_passages("# One\n\n- a leaf\n\n\f\n\n# Two\n\n| a | b |\n", Format::markdown);
    ASSERT_EQ(slides.size(), 2u);
    EXPECT_EQ(slides[1].page, 2);
    EXPECT_EQ(slides[1].heading_path, std::vector<std::string>{"Two"});
}

}  // namespace
}  // namespace bb::materials::text
