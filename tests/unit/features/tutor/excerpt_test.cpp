#include "features/tutor/excerpt.hpp"

#include <gtest/gtest.h>

#include "base/core/utf8.hpp"

namespace bb::tutor {
namespace {

TEST(QueryWords, AreLettersAndDigitsInLowerCase) {
    EXPECT_EQ(query_words("What's \"H2O\" & Ñame?"), (std::vector<std::string>{"what", "s", "h2o", "ñame"}));
    EXPECT_TRUE(query_words("'):* | !&").empty());
    EXPECT_EQ(query_words(std::string(100, 'a') + " b c d e f g h i j k l m n").size(), 12u);
}

TEST(PrefixQuery, WantsEveryWord) {
    EXPECT_EQ(prefix_query({"cell", "wall"}), "'cell':* & 'wall':*");
}

TEST(ExcerptAround, ShowsTheFirstMatchAndMarksAll) {
    const std::string before(300, 'x');
    const auto text = before + " Ang selula. Mga SELULA ng halaman";
    const auto excerpt = excerpt_around(text, {"selula"});
    EXPECT_EQ(excerpt.start, 305 - 60);
    EXPECT_EQ(excerpt.end, static_cast<std::int32_t>(utf8::length(text)));
    ASSERT_EQ(excerpt.highlights.size(), 2u);
    EXPECT_EQ(excerpt.text.substr(static_cast<std::size_t>(excerpt.highlights[0].first), 6), "selula");
    EXPECT_EQ(excerpt.text.substr(static_cast<std::size_t>(excerpt.highlights[1].first), 6), "SELULA");
}

TEST(ExcerptAround, WithoutAMatchShowsTheBeginning) {
    const auto excerpt = excerpt_around("ñandú and more", {"zebra"});
    EXPECT_EQ(excerpt.start, 0);
    EXPECT_EQ(excerpt.text, "ñandú and more");
    EXPECT_TRUE(excerpt.highlights.empty());
}

}  // namespace
}  // namespace bb::tutor
