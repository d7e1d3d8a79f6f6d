#include "features/tutor/proof.hpp"

#include <gtest/gtest.h>

#include "features/tutor/cited_sentences.hpp"

namespace bb::tutor {
namespace {

const std::string chlorophyll =
    "Chlorophyll in the chloroplast absorbs red and blue light. **Photosynthesis** turns carbon dioxide and "
    "water into glucose and oxygen. A leaf has about 500,000 chloroplasts per square millimetre.";

std::vector<std::string> texts_of(std::string_view reply) {
    std::vector<std::string> texts;
    for (const auto& sentence : cited_sentences(reply))
        texts.emplace_back(reply.substr(sentence.start, sentence.end - sentence.start));
    return texts;
}

/// "+" supported, "?" unchecked, or the lack of the one sentence.
std::string verdict(std::string_view reply, const std::string& passage = chlorophyll) {
    const auto proof = check_citations(reply, {{1, passage}});
    if (proof.supported == 1) return "+";
    if (proof.unchecked == 1) return "?";
    if (proof.unsupported.size() != 1) return "nothing cited";
    switch (proof.unsupported[0].lack) {
        case Lack::quote:
            return "quote";
        case Lack::number:
            return "number";
        case Lack::words:
            break;
    }
    return "words";
}

TEST(CitedSentences, AreThoseWithACitation) {
    using Texts = std::vector<std::string>;
    EXPECT_EQ(texts_of("Plants eat light [1]. I like that. Roots drink. [2] [3] Who knows?"),
              (Texts{"Plants eat light [1].", "Roots drink. [2] [3]"}));
    EXPECT_EQ(texts_of("- **One** thing [1]\n- another\n12. a third [2, 3]\n> ## said so [4]"),
              (Texts{"**One** thing [1]", "a third [2, 3]", "said so [4]"}));
    EXPECT_EQ(texts_of("About 3.5 g, i.e. little, are left [1].\n```\na[1]\n```\nno code `x`"),
              (Texts{"About 3.5 g, i.e. little, are left [1]."}));
    EXPECT_EQ(texts_of("Mitochondria are “powerhouses.”[2] They burn sugar."),
              (Texts{"Mitochondria are “powerhouses.”[2]"}));
    EXPECT_TRUE(texts_of("[] [x] [1 [12345678901234567890123456] [0]").empty());
}

TEST(CitedSentences, NameEachSourceOnce) {
    const auto found = cited_sentences("So it is [2][1, 2].");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].numbers, (std::vector<int>{2, 1}));
}

TEST(Proof, SupportsWhatThePassageSays) {
    EXPECT_EQ(verdict("Chlorophyll absorbs red and blue light [1]."), "+");
    EXPECT_EQ(
        verdict("In photosynthesis, water and carbon dioxide become glucose, and oxygen is set free [1]."),
        "+");
    EXPECT_EQ(
        verdict("Your notes say that \"photosynthesis turns carbon dioxide and water into glucose\" [1]."),
        "+");
    EXPECT_EQ(verdict("There are about 500000 chloroplasts per square millimetre of a leaf [1]."), "+");
}

TEST(Proof, FindsWhatItDoesNotSay) {
    EXPECT_EQ(verdict("Mitochondria break sugar down to release energy for the cell [1]."), "words");
    EXPECT_EQ(verdict("A leaf has about 700,000 chloroplasts per square millimetre [1]."), "number");
    EXPECT_EQ(verdict("It says “chlorophyll absorbs mostly green light” in the leaf [1]."), "quote");
}

TEST(Proof, LeavesOpenWhatCannotBeTold) {
    EXPECT_EQ(verdict("See there [1]."), "?");
    EXPECT_EQ(verdict("Thanks to the formula $6CO_2 + 6H_2O$ [1]."), "?");
    EXPECT_EQ(
        verdict("Sapagkat ang mga magsasaka ay nagtatanim ng palay tuwing tag-ulan sa kanilang bukid [1]."),
        "?");
    EXPECT_EQ(verdict("An array is indexed as a[7] here."), "nothing cited");
}

TEST(Proof, UnderstandsFilipinoAboutAnEnglishPassage) {
    EXPECT_EQ(verdict("Ang halaman ay gumagamit ng liwanag at tubig [1].",
                      "The plant uses light and water, and the leaf of the plant is green."),
              "+");
}

TEST(Proof, SaysWhereAndOfWhichSource) {
    const std::string reply =
        "Ñandú. Mitochondria break sugar down for energy [1][9]. Light is red and blue [1].";
    const auto proof = check_citations(reply, {{1, chlorophyll}});
    EXPECT_EQ(proof.supported, 1);
    ASSERT_EQ(proof.unsupported.size(), 1U);
    EXPECT_EQ(proof.unsupported[0].start, 7);
    EXPECT_EQ(proof.unsupported[0].end, 55);
    EXPECT_EQ(proof.unsupported[0].numbers, std::vector<int>{1});
    EXPECT_EQ(proof_part_json(proof),
              R"({"type":"data-proof","id":"proof","data":{"supported":1,"unchecked":0,"unsupported":)"
              R"([{"start":7,"end":55,"numbers":[1],"lack":"words"}]}})");
}

TEST(Proof, TakesThePassagesOfAStoredReply) {
    const std::string sources =
        R"([{"type":"source-document","providerMetadata":{"brainbytes":{"number":2,"quote":"Roots drink water from the soil."}}},)"
        R"({"type":"source-document"}])";
    EXPECT_EQ(check_reply("Roots take water out of the soil [2].", sources).supported, 1);
    EXPECT_TRUE(check_reply("Roots take water out of the soil [1].", sources).empty());
    EXPECT_TRUE(check_reply("Roots take water out of the soil [2].", "").empty());
    EXPECT_EQ(proof_part_json({}), "");
}

TEST(Proof, IsBoundedOnAnyText) {
    std::string reply;
    for (int i = 0; i < 5000; ++i) reply += "Everything is supported by the source [1]. ";
    const auto proof = check_citations(reply, {{1, std::string(200'000, 'x')}});
    EXPECT_EQ(proof.unsupported.size() + static_cast<std::size_t>(proof.supported + proof.unchecked), 200U);
}

}  // namespace
}  // namespace bb::tutor
