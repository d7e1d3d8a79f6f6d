#include <gtest/gtest.h>

#include <cmath>

#include "features/materials/index/joining.hpp"
#include "features/materials/vectors/nearest.hpp"
#include "features/materials/vectors/quantised.hpp"

namespace bb::materials {
namespace {

using index::Place;
using index::Ranked;
using namespace vectors;

/// Numbers that look random and are always the same, from -1 to 1.
std::vector<float> arbitrary(std::size_t size, std::uint32_t seed) {
    std::vector<float> numbers;
    for (std::size_t i = 0; i < size; ++i) {
        seed = seed * 1664525 + 1013904223;
        numbers.push_back(static_cast<float>(seed) / 2147483648.0F - 1);
    }
    return numbers;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
    double product = 0, left = 0, right = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        product += static_cast<double>(a[i]) * b[i];
        left += static_cast<double>(a[i]) * a[i];
        right += static_cast<double>(b[i]) * b[i];
    }
    return product / std::sqrt(left * right);
}

TEST(Quantised, KeepsTheAngleBetweenVectors) {
    for (const std::size_t size : {1U, 3U, 31U, 384U, 1536U}) {
        const auto a = arbitrary(size, 1);
        const auto b = arbitrary(size, 2);
        const auto small_a = quantise(a);
        const auto small_b = quantise(b);
        const double product = dot(small_a.numbers, small_b.numbers);
        EXPECT_NEAR(product * small_a.scale * small_b.scale, cosine(a, b), 0.01) << size;
    }
}

TEST(Quantised, SumsTheLargestNumbersWithoutOverflow) {
    const std::vector<std::int8_t> least(4096, -127);
    EXPECT_EQ(dot(least, least), 4096 * 127 * 127);
}

TEST(Quantised, GivesTheSameSumInEveryWay) {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 31U, 33U, 384U, 1535U, 4096U}) {
        std::vector<std::int8_t> a, b;
        for (const float number : arbitrary(size, 3))
            a.push_back(static_cast<std::int8_t>(std::lround(number * 127)));
        for (const float number : arbitrary(size, 4))
            b.push_back(static_cast<std::int8_t>(std::lround(number * 127)));
        if (size > 1) a[size - 1] = b[size - 1] = -127;
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < size; ++i) sum += std::int32_t{a[i]} * std::int32_t{b[i]};
        EXPECT_EQ(plain_dot(a, b), sum) << size;
        EXPECT_EQ(wide_dot(a, b).value_or(sum), sum) << size;
        EXPECT_EQ(dot(a, b), sum) << size;
    }
}

class NearestTest : public ::testing::Test {
protected:
    NearestTest() {
        set_.dimensions = 40;
        set_.materials = {Uuid::make(), Uuid::make()};
        for (std::uint32_t i = 0; i < 50; ++i) {
            const auto small = quantise(arbitrary(40, i));
            set_.numbers.insert(set_.numbers.end(), small.numbers.begin(), small.numbers.end());
            set_.scales.push_back(small.scale);
            set_.places.push_back(Place{1, static_cast<std::int32_t>(i)});
            set_.material_of.push_back(i % 2);
        }
    }
    VectorSet set_;
};

TEST_F(NearestTest, FindsWhatPointsTheSameWay) {
    for (const std::uint32_t i : {0U, 7U, 49U}) {
        const auto found = nearest(set_, arbitrary(40, i), set_.materials, 5);
        ASSERT_EQ(found.size(), 5u);
        EXPECT_EQ(found[0].place.ordinal, static_cast<std::int32_t>(i));
        EXPECT_NEAR(found[0].score, 1, 0.02);
        for (std::size_t k = 1; k < found.size(); ++k) EXPECT_GE(found[k - 1].score, found[k].score);
    }
}

TEST_F(NearestTest, LooksOnlyIntoAllowedMaterials) {
    const std::vector<Uuid> second(1, set_.materials[1]);
    const auto found = nearest(set_, arbitrary(40, 8), second, 50);
    EXPECT_EQ(found.size(), 25u);
    for (const Ranked& one : found) EXPECT_EQ(one.place.ordinal % 2, 1);
    EXPECT_TRUE(nearest(set_, arbitrary(40, 8), {}, 5).empty());
    EXPECT_TRUE(nearest(set_, arbitrary(41, 8), second, 5).empty());
}

TEST(VectorCache, KeepsWhatWasUsedLastWithinItsBound) {
    const auto set_of = [](std::size_t bytes, std::int64_t version) {
        auto set = std::make_shared<VectorSet>();
        set->model = "m";
        set->version = version;
        set->numbers.resize(bytes);
        return set;
    };
    VectorCache cache(1000);
    const auto ana = UserId::make(), ben = UserId::make(), cai = UserId::make();
    cache.keep(ana, set_of(400, 1));
    cache.keep(ben, set_of(400, 1));
    ASSERT_TRUE(cache.find(ana, "m"));
    EXPECT_EQ(cache.find(ana, "m")->version, 1);
    EXPECT_FALSE(cache.find(ana, "other"));
    cache.keep(cai, set_of(400, 1));
    EXPECT_FALSE(cache.find(ben, "m"));
    ASSERT_TRUE(cache.find(ana, "m"));
    EXPECT_EQ(cache.find(ana, "m")->version, 1);
    cache.keep(ana, set_of(500, 2));
    EXPECT_EQ(cache.bytes(), 900u);
    ASSERT_TRUE(cache.find(ana, "m"));
    EXPECT_EQ(cache.find(ana, "m")->version, 2);
    cache.keep(ana, set_of(1001, 3));
    EXPECT_EQ(cache.bytes(), 400u);
    EXPECT_FALSE(cache.find(ana, "m"));
}

/// Passages of one source, each of `length` code points.
std::vector<index::Outline> passages_of(std::int64_t source, int count, std::int32_t length) {
    std::vector<index::Outline> placed;
    for (int i = 0; i < count; ++i) {
        index::Outline one;
        one.place = Place{source, i};
        one.start = i * length;
        one.end = (i + 1) * length - 2;
        one.heading_path = {"Chapter"};
        placed.push_back(one);
    }
    return placed;
}

TEST(Joining, MakesNeighboursThatWereFoundOne) {
    const auto placed = passages_of(1, 9, 1200);
    const auto stretches = join_passages({{{1, 4}, 9, 1}, {{1, 7}, 8, 2}, {{1, 5}, 7, 4}}, placed, 5);
    ASSERT_EQ(stretches.size(), 2u);
    EXPECT_EQ(stretches[0].first, (Place{1, 4}));
    EXPECT_EQ(stretches[0].count, 2);
    EXPECT_EQ(stretches[0].concepts, 5u);
    EXPECT_EQ(stretches[0].score, 9);
    EXPECT_EQ(stretches[1].first, (Place{1, 7}));
    EXPECT_EQ(stretches[1].count, 1);
}

TEST(Joining, GivesShortPassagesWhatStandsAroundThem) {
    const auto stretches = join_passages({{{1, 4}, 9, 1}}, passages_of(1, 9, 500), 5);
    ASSERT_EQ(stretches.size(), 1u);
    EXPECT_EQ(stretches[0].first, (Place{1, 3}));
    EXPECT_EQ(stretches[0].count, 3);
    EXPECT_EQ(stretches[0].start, 1500);
    EXPECT_EQ(stretches[0].end, 2998);
}

TEST(Joining, PutsNoPassageIntoTwo) {
    const auto stretches =
        join_passages({{{1, 1}, 9, 1}, {{1, 4}, 8, 2}, {{1, 3}, 7, 4}}, passages_of(1, 9, 500), 5);
    ASSERT_EQ(stretches.size(), 2u);
    EXPECT_EQ(stretches[0].first, (Place{1, 0}));
    EXPECT_EQ(stretches[0].last(), (Place{1, 2}));
    EXPECT_EQ(stretches[0].concepts, 1u);
    EXPECT_EQ(stretches[1].first, (Place{1, 3}));
    EXPECT_EQ(stretches[1].last(), (Place{1, 5}));
    EXPECT_EQ(stretches[1].concepts, 6u);
    // Nor does one take in from around it what another holds.
    const auto close =
        join_passages({{{1, 1}, 9, 1}, {{1, 3}, 8, 2}, {{1, 4}, 7, 4}}, passages_of(1, 9, 600), 5);
    ASSERT_EQ(close.size(), 2u);
    EXPECT_EQ(close[0].first, (Place{1, 0}));
    EXPECT_EQ(close[0].last(), (Place{1, 3}));
    EXPECT_EQ(close[1].first, (Place{1, 4}));
    EXPECT_EQ(close[1].last(), (Place{1, 5}));
}

TEST(Joining, JoinsTheFirstTenOfMany) {
    std::vector<index::Outline> placed;
    std::vector<Ranked> ranked;
    for (int source = 1; source <= 12; ++source) {
        for (const auto& one : passages_of(source, 4, 500)) placed.push_back(one);
        ranked.push_back(Ranked{{source, 1}, 20.0 - source, 1});
    }
    ranked.push_back(Ranked{{12, 2}, 1, 1});
    const auto many = join_passages(ranked, placed, 20);
    ASSERT_EQ(many.size(), 13u);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(many[i].count, 3) << i;
    for (std::size_t i = 10; i < 13; ++i) EXPECT_EQ(many[i].count, 1) << i;
    EXPECT_EQ(many[11].first, (Place{12, 1}));
    EXPECT_EQ(many[12].first, (Place{12, 2}));
    const auto ten = join_passages(ranked, placed, 10);
    ASSERT_EQ(ten.size(), 10u);
    for (const auto& stretch : ten) EXPECT_EQ(stretch.count, 3);
}

TEST(Joining, StaysUnderOneHeadingAndOnOnePage) {
    auto placed = passages_of(1, 3, 500);
    placed[0].heading_path = {"Another"};
    placed[2].page = 2;
    const auto stretches = join_passages({{{1, 1}, 9, 1}, {{1, 0}, 8, 1}, {{1, 2}, 7, 1}}, placed, 5);
    ASSERT_EQ(stretches.size(), 3u);
    for (const auto& stretch : stretches) EXPECT_EQ(stretch.count, 1);
}

TEST(Joining, LetsOtherSourcesComeBeforeTheFifthPlaceOfOne) {
    auto placed = passages_of(1, 20, 2000);
    for (const auto& one : passages_of(2, 1, 2000)) placed.push_back(one);
    std::vector<Ranked> ranked;
    for (int i = 0; i < 6; ++i) ranked.push_back(Ranked{{1, 3 * i}, 9.0 - i, 1});
    ranked.push_back(Ranked{{2, 0}, 1, 1});
    const auto stretches = join_passages(ranked, placed, 6);
    ASSERT_EQ(stretches.size(), 6u);
    EXPECT_EQ(stretches[3].first.source, 1);
    EXPECT_EQ(stretches[4].first, (Place{2, 0}));
    EXPECT_EQ(stretches[5].first, (Place{1, 12}));
}

}  // namespace
}  // namespace bb::materials
