#include "features/materials/index/fusion.hpp"

#include <gtest/gtest.h>

namespace bb::materials::index {
namespace {

/// Passages by their number, best first.
std::vector<Ranked> ranking_of(const std::vector<std::pair<int, double>>& scores) {
    std::vector<Ranked> ranking;
    for (const auto& [number, score] : scores) ranking.push_back(Ranked{{1, number}, score, 0});
    return ranking;
}

std::vector<int> numbers_of(const std::vector<Ranked>& ranking) {
    std::vector<int> numbers;
    for (const Ranked& one : ranking) numbers.push_back(one.place.ordinal);
    return numbers;
}

const auto by_words = ranking_of({{1, 9}, {2, 8}, {3, 7}, {4, 6}, {5, 5}});
const auto by_meaning = ranking_of({{11, 0.9}, {12, 0.8}, {13, 0.3}, {14, 0.1}});

TEST(Fusion, FollowsWordsThatCoverTheQuestion) {
    const auto fused = numbers_of(fuse(by_words, by_meaning, trust_in_words(1)));
    EXPECT_EQ(std::vector<int>(fused.begin(), fused.begin() + 5), (std::vector<int>{1, 2, 3, 4, 5}));
    EXPECT_EQ(fused[5], 11) << "then what meaning has found";
}

TEST(Fusion, FollowsMeaningRatherThanAFewWordsInCommon) {
    EXPECT_EQ(numbers_of(fuse(by_words, by_meaning, trust_in_words(0.2)))[0], 11);
    const auto fused = numbers_of(fuse(by_words, by_meaning, trust_in_words(0.4)));
    EXPECT_EQ(std::vector<int>(fused.begin(), fused.begin() + 3), (std::vector<int>{1, 2, 11}));
}

TEST(Fusion, CountsAPassageByMeaningForWhatSetsItApart) {
    // The second of twenty stands out beside the first, or no more than the rest does.
    const auto words = ranking_of({{1, 2}, {2, 1}});
    const auto first_with = [&](double second) {
        auto meaning = ranking_of({{3, 0.9}, {2, second}});
        for (int rest = 0; rest < 18; ++rest) meaning.push_back(Ranked{{2, rest}, 0.1, 0});
        return numbers_of(fuse(words, meaning, 1))[0];
    };
    EXPECT_EQ(first_with(0.89), 2);
    EXPECT_EQ(first_with(0.11), 1);
}

TEST(Fusion, TakesNoHarmFromScoresThatAreAllTheSame) {
    const auto same = ranking_of({{11, 0.5}, {12, 0.5}});
    EXPECT_EQ(numbers_of(fuse({}, same, 1)), (std::vector<int>{11, 12}));
    EXPECT_EQ(numbers_of(fuse({}, ranking_of({{11, 0.5}}), 1)), (std::vector<int>{11}));
}

TEST(Fusion, PutsWhatBothFindFirst) {
    const std::vector<Ranked> words = {{{1, 0}, 9, 1}, {{1, 1}, 8, 3}, {{1, 2}, 7, 1}};
    const std::vector<Ranked> meaning = {{{2, 5}, 0.9, 0}, {{1, 1}, 0.8, 0}};
    const auto fused = fuse(words, meaning, 1);
    ASSERT_EQ(fused.size(), 4u);
    EXPECT_EQ(fused[0].place, (Place{1, 1}));
    EXPECT_EQ(fused[0].concepts, 3u);
    EXPECT_EQ(fused[3].place, (Place{1, 2}));
    for (std::size_t i = 1; i < fused.size(); ++i) EXPECT_GE(fused[i - 1].score, fused[i].score);
    EXPECT_EQ(fuse(words, meaning, 0.9)[1].place, (Place{2, 5}));
    EXPECT_EQ(fuse(words, meaning, 1.5)[1].place, (Place{1, 0}));
}

TEST(Fusion, CountsTheConceptsOfTheFirstAlone) {
    const std::vector<Ranked> words = {{{1, 0}, 9, 1}};
    const std::vector<Ranked> others = {{{1, 0}, 9, 6}, {{3, 0}, 8, 4}};
    const std::vector<Ranked> none;
    std::vector<Vote> votes;
    votes.push_back({&words, 0.6});
    votes.push_back({&none, 1, true});
    votes.push_back({&others, 1.5});
    const auto fused = fuse(votes);
    ASSERT_EQ(fused.size(), 2u);
    EXPECT_EQ(fused[0].place, (Place{1, 0}));
    EXPECT_EQ(fused[0].concepts, 1u);
    EXPECT_EQ(fused[1].concepts, 0u);
    EXPECT_DOUBLE_EQ(fused[0].score, 0.6 / 6 + 1.5 / 6);
}

TEST(Fusion, AddsUpWhatSeveralRankingsSay) {
    const auto one = ranking_of({{1, 3}, {2, 2}}), other = ranking_of({{2, 3}, {3, 2}});
    EXPECT_EQ(numbers_of(fuse({{&one, 1}, {&other, 1}})), (std::vector<int>{2, 1, 3}));
}

}  // namespace
}  // namespace bb::materials::index
