#include "features/materials/titles.hpp"

#include <gtest/gtest.h>

namespace bb::materials {
namespace {

using Marks = std::vector<std::pair<std::int32_t, std::int32_t>>;

TEST(TitleWords, AreThoseThatWereTypedEachOnce) {
    EXPECT_EQ(title_words("What's  H2O? Ñame ñame H2O"),
              (std::vector<std::string>{"What", "H2O", "Ñame", "ñame"}));
    EXPECT_TRUE(title_words("'):* | !& %").empty());
    EXPECT_EQ(title_words("a b c d e f g h i j k l m n").size(), 12u);
}

TEST(MarksIn, CountCodePoints) {
    EXPECT_EQ(marks_in("🙂 Ángles and TRIANGLES", {"angles"}), (Marks{{2, 8}, {16, 22}}));
}

TEST(MarksIn, BecomeOneWhereTheyMeet) {
    EXPECT_EQ(marks_in("photosynthesis", {"photo", "synth", "tosy"}), (Marks{{0, 10}}));
    EXPECT_EQ(marks_in("aaa", {"aa"}), (Marks{{0, 3}}));
}

TEST(MarksIn, KnowLettersThatFoldToTwo) {
    EXPECT_EQ(marks_in("Große Straße", {"strasse"}), (Marks{{6, 12}}));
    EXPECT_TRUE(marks_in("", {"x"}).empty());
    EXPECT_TRUE(marks_in("cells", {}).empty());
}

}  // namespace
}  // namespace bb::materials
