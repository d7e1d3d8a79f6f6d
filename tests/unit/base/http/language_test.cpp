#include "base/http/language.hpp"

#include <gtest/gtest.h>

namespace bb::http {
namespace {

TEST(Language, IsTheOneThatIsWantedMost) {
    EXPECT_EQ(language_of("fil"), "fil");
    EXPECT_EQ(language_of("fil-PH,fil;q=0.9,en-US;q=0.8,en;q=0.7"), "fil");
    EXPECT_EQ(language_of("TL"), "fil");
    EXPECT_EQ(language_of("en;q=0.5, tl-PH ; q=0.6"), "fil");
    EXPECT_EQ(language_of("de, fil;Q=0.001"), "fil");
    EXPECT_EQ(language_of("fil, en"), "fil");
    EXPECT_EQ(language_of("en, fil"), "en");
    EXPECT_EQ(language_of("en-US,en;q=0.9,fil;q=0.8"), "en");
    EXPECT_EQ(language_of("en-GB;q=0.1, fil;q=0.5, en;q=0.9"), "en");
}

TEST(Language, IsEnglishWhenNeitherIsWanted) {
    for (const auto* field :
         {"", "de, fr;q=0.5", "*", "fil;q=0", "film", "filx-PH", ", ,;", "fil;q=0, en;q=0"})
        EXPECT_EQ(language_of(field), "en") << field;
}

TEST(Language, TheStarStandsForWhatIsNotNamed) {
    EXPECT_EQ(language_of("*, fil;q=0.5"), "en");
    EXPECT_EQ(language_of("fil, *;q=0.5"), "fil");
    EXPECT_EQ(language_of("en;q=0, *"), "fil");
    EXPECT_EQ(language_of("fil;q=0, *"), "en");
}

TEST(Language, WhatIsNoWeightIsNotWanted) {
    for (const auto* field : {"fil;q=", "fil;q=much", "fil;q=2", "fil;q=-1", "fil;q=nan", "fil;q=inf"})
        EXPECT_EQ(language_of(field), "en") << field;
    EXPECT_EQ(language_of("fil;level=1"), "fil");
}

}  // namespace
}  // namespace bb::http
