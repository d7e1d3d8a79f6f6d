#include <gtest/gtest.h>

#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/markdown.hpp"
#include "unit/features/materials/extract/files.hpp"

namespace bb::materials::extract {
namespace {

using namespace std::string_view_literals;
using test::text_of;

TEST(ExtractEncoding, Utf16IsFoundWithAndWithoutItsMark) {
    EXPECT_EQ(text_of("a.txt", "\xff\xfeL\0e\0a\0f\0"sv), "Leaf");
    EXPECT_EQ(text_of("a.txt", "\xfe\xff\0L\0e\0a\0f"sv), "Leaf");
    EXPECT_EQ(text_of("a.txt", "L\0e\0a\0f\0\xf1\0"sv), "Leafñ");
    EXPECT_EQ(text_of("a.txt", "\0L\0e\0a\0f\0\xf1"sv), "Leafñ");
    EXPECT_EQ(text_of("a.txt", "\xff\xfe\x3c\xd8\x3f\xdf!\0"sv), "🌿!");
    EXPECT_EQ(text_of("a.txt", "\xff\xfe\x3c\xd8!\0"sv), "\xef\xbf\xbd!");
}

TEST(ExtractEncoding, Utf32IsFoundByItsMark) {
    EXPECT_EQ(text_of("a.txt", "\xff\xfe\0\0L\0\0\0\x3f\xf3\x01\0!\0\0\0"sv), "L🌿!"sv);
    EXPECT_EQ(text_of("a.txt", "\0\0\xfe\xff\0\0\0L\0\x01\xf3\x3f\0\0\0!"sv), "L🌿!"sv);
    EXPECT_EQ(text_of("a.txt", "\xff\xfe\0\0a\0\0\0\0\xd8\0\0\0\0\x11\0b\0"sv), "a\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(text_of("a.html", "\0\0\xfe\xff\0\0\0<\0\0\0p\0\0\0>\0\0\0L"sv), "L\n");
}

TEST(ExtractEncoding, MarksOfUtf8AndOldEncodings) {
    EXPECT_EQ(text_of("a.md", "\xef\xbb\xbf# Leaf\r\nfine\rold"), "# Leaf\nfine\nold");
    EXPECT_EQ(text_of("a.txt", "\x80 5 \x93so\x94"), "€ 5 “so”");
}

TEST(ExtractEncoding, WhatIsNoTextIsRefused) {
    EXPECT_EQ(text_of("a.txt", "abc\0def"sv), "mismatch: The file is not a text file.");
    EXPECT_EQ(text_of("a.csv", "\xff\x01\x02\x03\x04\x05,b"sv), "mismatch: The file is not a text file.");
}

TEST(ExtractEncoding, ControlsGoAndFormFeedsArePages) {
    EXPECT_EQ(text_of("a.txt", "one\x1b[0m\n\ftwo\fthree"), "one[0m\n\f\ntwo\n\f\nthree");
}

TEST(ExtractMarkdown, WordsThatLookLikeStructureAreEscaped) {
    Markdown out(10'000);
    out.paragraph(
        "# not a heading\n- no item\n12. no number\n| no | table\n```\n===\n---\nfine - really # 1. |");
    EXPECT_EQ(out.take(),
              "\\# not a heading\n\\- no item\n12\\. no number\n\\| no | table\n\\```\n\\===\n\\---\n"
              "fine - really # 1. |\n");
}

TEST(ExtractMarkdown, LongTablesRepeatTheirHead) {
    Markdown out(100'000);
    std::vector<Row> rows{{"Name", "Mark"}};
    for (int i = 0; i < 4'000; ++i) rows.push_back({"n" + std::to_string(1000 + i), "1"});
    out.table(rows);
    const std::string text = out.take();
    std::size_t heads = 0;
    for (auto at = text.find("| Name |"); at != std::string::npos; at = text.find("| Name |", at + 1))
        ++heads;
    EXPECT_EQ(heads, 3u);  // 13 bytes a row
    const auto again = text.find("\n\n| Name | Mark |\n| --- | --- |\n| n");
    EXPECT_GE(again, Markdown::most_bytes_of_a_table);
    EXPECT_LT(again, Markdown::most_bytes_of_a_table + 100);
}

TEST(ExtractMarkdown, EmptyRowsAreNoRows) {
    Markdown out(1000);
    std::vector<Row> rows;
    for (const Row& row : {Row{"", " "}, Row{"a", "b"}, Row{}, Row{"", "c"}}) out.add_row(rows, row);
    out.table(rows);
    EXPECT_EQ(out.take(), "| a | b |\n| --- | --- |\n| | c |\n");
}

TEST(ExtractMarkdown, StopsWhenItIsFull) {
    Markdown out(20);
    out.paragraph("0123456789");
    out.paragraph("0123456789");
    out.paragraph("a");
    EXPECT_TRUE(out.full());
    EXPECT_LE(out.take().size(), 20u);
}

TEST(ExtractMarkdown, FencesAreLongerThanWhatTheyHold) {
    Markdown out(1000);
    out.code("a\n````\nb\n", "md");
    EXPECT_EQ(out.take(), "`````md\na\n````\nb\n`````\n");
}

TEST(ExtractCode, StandsInAFenceOfItsLanguage) {
    EXPECT_EQ(text_of("leaf.py", "def eat():\r\n\treturn 1\r\n"), "```python\ndef eat():\n\treturn 1\n```\n");
    EXPECT_EQ(text_of("a.sql", "SELECT '```';"), "````sql\nSELECT '```';\n````\n");
}

TEST(ExtractCode, NotebooksAreTheirCellsWithoutWhatTheyPrinted) {
    EXPECT_EQ(text_of("a.ipynb",
                      R"({"cells": [{"cell_type": "markdown", "source": ["# Leaf\n", "green"]},
                         {"cell_type": "code", "source": "1 + 1", "outputs": [{"text": "printed"}]}, 7,
                         {"cell_type": "raw", "source": ["as it is"]}],
                         "metadata": {"language_info": {"name": "python"}}})"),
              "# Leaf\ngreen\n\n```python\n1 + 1\n```\n\n```\nas it is\n```\n");
    EXPECT_TRUE(text_of("a.ipynb", "{\"cells\": ").starts_with("damaged: "));
    EXPECT_TRUE(text_of("a.ipynb", "[1]").starts_with("damaged: "));
    EXPECT_TRUE(text_of("a.ipynb", std::string(100'000, '[')).starts_with("damaged: "));
}

TEST(ExtractCsv, TakesAnySeparatorAndEveryQuoting) {
    EXPECT_EQ(text_of("a.csv", "a,b\n\"x, y\",2\n"), "| a | b |\n| --- | --- |\n| x, y | 2 |\n");
    EXPECT_EQ(text_of("a.tsv", "a\tb\nx, y\t2"), "| a | b |\n| --- | --- |\n| x, y | 2 |\n");
    EXPECT_EQ(text_of("a.csv", "sep=;\r\na;b\r\n1;2\r\n"), "| a | b |\n| --- | --- |\n| 1 | 2 |\n");
    EXPECT_EQ(text_of("a.csv", "a,b\n\"open, never closed\n1,2\n"),
              "| a | b |\n| --- | --- |\n| open, never closed 1,2 | |\n");
}

TEST(ExtractCsv, LeavesOutWhatIsBeyondItsLimits) {
    Limits limits;
    limits.rows = 3;
    limits.columns = 2;
    EXPECT_EQ(
        text_of("a.csv", "a,b,c\n1,2,3\n4,5,6\n7,8,9\n", limits),
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 4 | 5 |\n\n(The sheet goes on: further rows or columns are "
        "left out.)\n");
    EXPECT_LT(text_of("a.csv", "x," + std::string(4'000'000, ',')).size(), 1000u);
}

TEST(ExtractSubtitles, SurviveWhatIsBroken) {
    EXPECT_EQ(text_of("a.srt", "no times here\n"),
              "mismatch: The file is not what its name says: it holds no subtitles with times.");
    EXPECT_EQ(text_of("a.vtt", "99999999999:99 --> x\n<b>Hello<\n{\\an8 world\n"),
              "[166:40:39] Hello< {\\an8 world\n");
    EXPECT_FALSE(read(Kind::subtitles, "-->\n" + std::string(300'000, '<'), "a.srt").has_error());
}

TEST(ExtractSubtitles, NumbersOfCuesAreNotSaid) {
    EXPECT_EQ(
        text_of("a.srt",
                "1\n00:00:01,000 --> 00:00:02,000\nhello\n2\n00:00:02,000 --> 00:00:03,000\n42\nworld\n7"),
        "[00:00:01] hello 42 world 7\n");
}

TEST(ExtractSubtitles, RolledCaptionsAreSaidOnce) {
    EXPECT_EQ(text_of("a.vtt", "00:01.000 --> 00:02.000\nfirst\n\n00:02.000 --> 00:03.000\nfirst\nsecond\n"),
              "[00:00:01] first second\n");
}

}  // namespace
}  // namespace bb::materials::extract
