#include "features/materials/search.hpp"

#include <algorithm>

#include "unit/features/materials/search_case.hpp"

namespace bb::materials {
namespace {

TEST_F(SearchTest, FindsMoreByFurtherWords) {
    const auto in = material(ana_, "Biology");
    write(ana_, in, "Energy", biology);
    write(ana_, in, "Mga halaman", filipino);
    const auto foreign = material(ben_, "Foreign");
    write(ben_, foreign, "Foreign", "Mitochondria of others.");
    Search search(db());
    const auto plain = find(ana_, "Saan kinukuha ng selula ang lakas?");
    EXPECT_FALSE(plain.answerable);
    const auto widened = [&](const std::vector<std::string>& lines, std::vector<Uuid> only = {}) {
        return await(search.widened(ana_, plain, lines, std::move(only), 5));
    };
    const auto found = widened({"mitochondria release energy", "mitokondriya enerhiya"});
    EXPECT_TRUE(found.answerable);
    ASSERT_FALSE(found.passages.empty());
    EXPECT_NE(found.passages[0].text.find("In the mitochondria"), std::string::npos);
    for (const auto& passage : found.passages) EXPECT_EQ(passage.material, in);
    // Words of which the materials know none, or that are none, change nothing.
    for (const std::vector<std::string>& lines :
         {std::vector<std::string>{"parliament"}, std::vector<std::string>{"the of", "ang mga"}}) {
        const auto same = widened(lines);
        EXPECT_FALSE(same.answerable);
        ASSERT_EQ(same.passages.size(), plain.passages.size());
        for (std::size_t i = 0; i < same.passages.size(); ++i)
            EXPECT_EQ(same.passages[i].passage, plain.passages[i].passage);
    }
    EXPECT_FALSE(widened({"mitochondria"}, {material(ana_, "Empty").value}).answerable);
}

TEST_F(SearchTest, FurtherWordsTakeNothingAwayThatAQuestionFound) {
    const auto in = material(ana_, "Biology");
    write(ana_, in, "Energy", biology);
    write(ana_, in, "Mga halaman", filipino);
    const auto plain = find(ana_, "Which pigment absorbs light?");
    EXPECT_TRUE(plain.answerable);
    Search search(db());
    const std::vector<std::string> lines = {"mitochondria", "araw dahon"};
    const auto found = await(search.widened(ana_, plain, lines, {}, 5));
    EXPECT_TRUE(found.answerable);
    EXPECT_GT(found.passages.size(), plain.passages.size());
    for (const auto& one : plain.passages) {
        const auto same = [&](const FoundPassage& other) {
            return other.passage == one.passage;
        };
        EXPECT_TRUE(std::any_of(found.passages.begin(), found.passages.end(), same)) << one.text;
    }
}

TEST_F(SearchTest, KnowsWhetherThereIsAnythingToLookInto) {
    const auto open = material(ana_, "Open");
    const auto shut = material(ana_, "Shut", false);
    const auto foreign = material(ben_, "Foreign");
    write(ben_, foreign, "Foreign", "Volcanoes spit lava.");
    Search search(db());
    const auto anything = [&](std::vector<Uuid> in) {
        return await(search.anything(ana_, std::move(in)));
    };
    EXPECT_FALSE(anything({}));
    EXPECT_FALSE(anything({foreign.value}));
    write(ana_, shut, "Shut", "Volcanoes spit lava.");
    EXPECT_FALSE(anything({}));
    EXPECT_TRUE(anything({shut.value}));
    EXPECT_FALSE(anything({open.value}));
    write(ana_, open, "Open", "Glaciers carve valleys.");
    EXPECT_TRUE(anything({}));
}

}  // namespace
}  // namespace bb::materials
