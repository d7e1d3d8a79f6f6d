#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "features/materials/text/bilingual.hpp"
#include "features/materials/text/filipino.hpp"
#include "features/materials/text/fold.hpp"
#include "features/materials/text/words.hpp"

namespace bb::materials::text {
namespace {

std::vector<std::string> folded_words(std::string_view text) {
    std::vector<std::string> out;
    for (const Word& word : words_of(text)) out.push_back(word.folded);
    return out;
}

using Words = std::vector<std::string>;

TEST(Fold, TakesAwayCaseAndAccents) {
    EXPECT_EQ(folded("Éducation CRÈME Straße Peña Łódź Ştefan"), "education creme strasse pena lodz stefan");
    EXPECT_EQ(folded("Tiếng Việt"), "tieng viet");
    EXPECT_EQ(folded("CO₂ and m²"), "co2 and m2");
    EXPECT_EQ(folded("e\u0301"), "e");
    EXPECT_EQ(folded("ΣΩ Ж"), "σω ж");
}

TEST(Fold, GivesEveryLetterOfTheLatinBlocksAPlainForm) {
    for (char32_t c = 0xc0; c <= 0x1ef9; c = c == 0x17f ? 0x1ea0 : c + 1) {
        std::string out;
        append_folded(out, c);
        EXPECT_TRUE(std::all_of(out.begin(), out.end(), [](char x) { return x >= 'a' && x <= 'z'; })) << out;
        EXPECT_LE(out.size(), 2u);
    }
}

TEST(NameKey, MakesNamesThatReadAlikeTheSame) {
    EXPECT_EQ(name_key("  Araling   PANLIPUNAN "), "araling panlipunan");
    EXPECT_EQ(name_key("ÉCONOMIE"), name_key("économie"));
    EXPECT_NE(name_key("Espanol"), name_key("Español"));
    EXPECT_EQ(name_key("ŽĹ"), name_key("žĺ"));
}

TEST(Words, SplitsAtEverythingThatIsNoLetterOrDigit) {
    EXPECT_EQ(folded_words("Light-dependent reactions, e.g. in C4-plants!"),
              (Words{"light", "dependent", "reactions", "e", "g", "in", "c4", "plants"}));
    EXPECT_EQ(folded_words("光合成 is photosynthesis → good 🙂"),
              (Words{"光", "合", "成", "is", "photosynthesis", "good"}));
    EXPECT_EQ(folded_words(""), Words{});
}

TEST(Words, DropsShortTailsBehindApostrophes) {
    EXPECT_EQ(folded_words("the cell's wall, don’t, ako'y, rock'n'roll, 'quoted'"),
              (Words{"the", "cell", "wall", "don", "ako", "rock", "roll", "quoted"}));
}

TEST(Words, KnowWhereTheyStand) {
    const std::string text = "Ang mga halamang-gamot’s é";
    for (const Word& word : words_of(text))
        EXPECT_EQ(folded(std::string_view(text).substr(word.start, word.end - word.start)), word.folded);
}

TEST(Words, AreCutAtSixtyFourCharacters) {
    const auto words = words_of(std::string(1000, 'x') + " y");
    ASSERT_EQ(words.size(), 2u);
    EXPECT_EQ(words[0].folded.size(), 64u);
    EXPECT_EQ(words[0].end, 1000u);
}

TEST(StopWords, AreFoundInBothLanguages) {
    for (const char* word : {"the", "of", "a", "yourselves", "ang", "mga", "upang", "ng", "yung"})
        EXPECT_TRUE(is_stop_word(word)) << word;
    for (const char* word : {"cell", "water", "halaman", "energy", "bayan", "x"})
        EXPECT_FALSE(is_stop_word(word)) << word;
    for (const char* word : {"explain", "please", "ipaliwanag", "homework"})
        EXPECT_TRUE(is_chatter(word)) << word;
}

TEST(Language, ShowsInTheSmallWords) {
    EXPECT_EQ(guess_language(words_of("The cell is the basic unit of life.")), Language::english);
    EXPECT_EQ(guess_language(words_of("Ang selula ang batayang yunit ng buhay.")), Language::filipino);
    EXPECT_EQ(guess_language(words_of("2 + 2"), Language::filipino), Language::filipino);
}

TEST(Tokens, AreEstimatedFromWordsAndMarks) {
    EXPECT_EQ(estimate_tokens(""), 0);
    EXPECT_EQ(estimate_tokens("The cell."), 3);
    EXPECT_EQ(estimate_tokens("photosynthesis"), 3);
}

TEST(FilipinoStem, BringsFormsOfAWordTogether) {
    const std::vector<Words> families = {
        {"kain", "kumain", "kumakain", "kakain", "kinain", "kainin", "kainan"},
        {"halaman", "halamang", "mahalaman"},
        {"basa", "magbasa", "nagbabasa", "babasa", "basahin", "binasa"},
        {"aral", "aralin", "paaralan", "nagaaral"},
        {"sulat", "sumulat", "sumusulat", "sinulat", "sulatin", "magsulat", "isulat"},
        {"ganda", "maganda", "magandang", "kagandahan", "pinakamaganda", "napakaganda"},
        {"bayan", "bayang", "kabayanan"},
    };
    for (const Words& family : families)
        for (const auto& word : family) EXPECT_EQ(filipino_stem(word), filipino_stem(family[0])) << word;
}

TEST(FilipinoStem, LeavesShortAndForeignWordsAlone) {
    EXPECT_EQ(filipino_stem("ina"), "ina");
    EXPECT_EQ(filipino_stem("co2"), "co2");
    EXPECT_EQ(filipino_stem("光"), "光");
    EXPECT_EQ(filipino_stem(""), "");
}

TEST(EverydayWords, AreFoundFromFirstToLast) {
    for (const char* word : {"able", "friend", "weird", "youre", "kaibigan", "aking"})
        EXPECT_TRUE(is_everyday(word)) << word;
    for (const char* topic : {"", "database", "light", "table", "zygote"})
        EXPECT_FALSE(is_everyday(topic)) << topic;
}

TEST(SmallWords, AreKnownWhenTheyAreMistyped) {
    for (const char* typed : {"wich", "realy", "becuase", "diffrence", "thier", "aobut", "whhich"})
        EXPECT_TRUE(is_mistyped_small_word(typed)) << typed;
    for (const char* other : {"which", "explane", "oder", "inner", "wi", "", "photosynthesis"})
        EXPECT_FALSE(is_mistyped_small_word(other)) << other;
}

TEST(Bilingual, GivesEnglishWordsOfSchool) {
    EXPECT_EQ(english_for("hanay"), std::vector<std::string_view>{"row"});
    EXPECT_EQ(english_for("wika"), std::vector<std::string_view>{"language"});
    EXPECT_EQ(english_for("kabuuan"), (std::vector<std::string_view>{"sum", "total"}));
    for (const char* other : {"", "aaa", "row", "zzz"}) EXPECT_TRUE(english_for(other).empty()) << other;
}

TEST(Bilingual, EveryLineIsFoundByItsWordAndIsInOrder) {
    const std::string all =
#include "features/materials/text/filipino_english.inc"
        ;
    std::istringstream lines(all);
    std::string line, before;
    std::getline(lines, line);
    EXPECT_EQ(line, "");
    std::size_t count = 0;
    while (std::getline(lines, line)) {
        ++count;
        std::istringstream words(line);
        std::string filipino, word;
        words >> filipino;
        std::vector<std::string_view> found = english_for(filipino);
        ASSERT_FALSE(found.empty()) << line;
        EXPECT_LT(before, filipino);
        before = filipino;
        std::string joined = filipino;
        for (const auto one : found) joined.append(" ").append(one);
        EXPECT_EQ(joined, line);
        EXPECT_EQ(line.find_first_not_of("abcdefghijklmnopqrstuvwxyz "), std::string::npos) << line;
    }
    EXPECT_GT(count, 6000u);
}

}  // namespace
}  // namespace bb::materials::text
