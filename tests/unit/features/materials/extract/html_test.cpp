#include <gtest/gtest.h>

#include <chrono>

#include "unit/features/materials/extract/files.hpp"

namespace bb::materials::extract {
namespace {

using test::text_of;

std::string repeated(std::string_view words, std::size_t times) {
    std::string out;
    out.reserve(words.size() * times);
    for (std::size_t i = 0; i < times; ++i) out += words;
    return out;
}

std::string with_number(std::string_view before, std::string_view after, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out.append(before).append(std::to_string(i)).append(after);
    return out;
}

TEST(ExtractHtml, WhatNobodySeesIsLeftOut) {
    EXPECT_EQ(
        text_of("a.html",
                "<!doctype html><title>Leaf</title><style>p {}</style><nav>Home</nav><script>x()</script>"
                "<p>Seen <span hidden>not</span><b aria-hidden=true>nor</b> this.<p style='color:red; "
                "DISPLAY : none'>never</p><template>no</template><noscript>no</noscript>"
                "<svg><title>icon</title></svg>"),
        "# Leaf\n\nSeen this.\n");
}

TEST(ExtractHtml, WaysThroughASiteAreLeftOut) {
    EXPECT_EQ(text_of("a.html",
                      "<h1>Leaf<a class=headerlink href='#leaf'>\u00b6</a></h1>"
                      "<div role=navigation>Next, previous</div><p>Green."),
              "# Leaf\n\nGreen.\n");
}

TEST(ExtractHtml, TheTitleIsAHeadingOnlyWithoutAnother) {
    EXPECT_EQ(text_of("a.html", "<title>Site</title><h1>Leaf</h1><p>x"), "# Leaf\n\nx\n");
}

TEST(ExtractHtml, ListsTablesAndLines) {
    EXPECT_EQ(
        text_of("a.html",
                "<ol start=3><li>a<ul><li>b</ul><li><p>c</p><p>d</p></ol>"
                "<table><caption>Parts</caption><tr><th>A<th colspan=2>B<tr><td>1|2<td>x<br>y<td>10<sup>8"
                "</table>one<br>two &amp; <a href='https://example.org'>three</a>"),
        "3. a\n    - b\n4. c\n\nd\n\nParts\n\n| A | B | |\n| --- | --- | --- |\n| 1\\|2 | x y | 10^8 |\n\n"
        "one\ntwo & three\n");
}

TEST(ExtractHtml, TablesThatOnlyPlaceThingsAreNone) {
    EXPECT_EQ(text_of("a.html", "<table><tr><td><h2>Leaf</h2><p>green<td>menu</table>"),
              "## Leaf\n\ngreen\n\nmenu\n");
}

TEST(ExtractHtml, EncodingsThatThePageNames) {
    EXPECT_EQ(text_of("a.html", "<meta charset=\"windows-1251\"><p>\xcb\xe8\xf1\xf2"), "Лист\n");
    EXPECT_EQ(
        text_of("a.html", "<meta http-equiv=Content-Type content='text/html; charset=ISO-8859-1'><p>ni\xf1o"),
        "niño\n");
    EXPECT_EQ(text_of("a.html", "<meta charset='../../etc/x'><p>ni\xf1o"), "niño\n");
    EXPECT_EQ(text_of("a.html", "<meta charset=utf-8><p>ni\xc3\xb1o"), "niño\n");
}

TEST(ExtractHtml, DepthIsBoundedInTimeAndMemory) {
    const auto begin = std::chrono::steady_clock::now();
    Limits limits;
    limits.html_seconds = 1;
    EXPECT_TRUE(text_of("a.html", repeated("<div>", 20'000) + "x", limits).starts_with("damaged: "));
    EXPECT_TRUE(text_of("a.html", repeated("<div>", 1'000'000) + "x", limits).starts_with("too-large: "));
    EXPECT_EQ(text_of("a.html", repeated("<p>x", 1000)), repeated("x\n\n", 999) + "x\n");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(ExtractHtml, FormattingThatIsTakenUpAgainCannotFillTheMemory) {
    Limits limits;
    limits.tree_bytes = 32u << 20;
    limits.depth = 5000;
    const std::string page = "<p>" + with_number("<b id=", ">", 2000) + repeated("<p>x</p>", 20'000);
    EXPECT_TRUE(text_of("a.html", page, limits).starts_with("too-large: "));
}

TEST(ExtractHtml, TablesCannotGrowByTheirSpans) {
    const std::string row = "<tr>" + repeated("<td colspan=9999>x", 30);
    const std::string text = text_of("a.html", "<table><tr><td>a<td>b" + repeated(row, 20'000) + "</table>");
    EXPECT_TRUE(text.starts_with("too-large: "));
}

TEST(ExtractHtml, OddBytesAreSurvived) {
    EXPECT_EQ(text_of("a.html", "<p>a\xff\xfe<!-- <p> --><p>&#x110000;&#0;b</p></p></div>&bogus;").find('\0'),
              std::string::npos);
    EXPECT_EQ(text_of("a.html", "<p>open <b>never </p><table><p>lost<tr><td>x"), "open never\n\nlost\n\nx\n");
}

}  // namespace
}  // namespace bb::materials::extract
