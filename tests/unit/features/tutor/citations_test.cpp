#include "features/tutor/citations.hpp"

#include <gtest/gtest.h>

namespace bb::tutor {
namespace {

TEST(CitationWatch, FindsEachNumberOnceInWhateverPieces) {
    CitationWatch watch(4);
    EXPECT_EQ(watch.feed("Water boils [2] at sea"), (std::vector<int>{2}));
    EXPECT_EQ(watch.feed(" level ["), std::vector<int>());
    EXPECT_EQ(watch.feed("1"), std::vector<int>());
    EXPECT_EQ(watch.feed("][2] and [3, 4]."), (std::vector<int>{1, 3, 4}));
}

TEST(CitationWatch, IgnoresWhatIsNoSource) {
    CitationWatch watch(2);
    EXPECT_TRUE(watch.feed("[0] [3] [99999999999999999999] [x] [1 2x] [] a[i] [ ] [1").empty());
    EXPECT_EQ(watch.feed("]"), (std::vector<int>{1}));
    EXPECT_TRUE(CitationWatch(0).feed("[1]").empty());
}

TEST(CitationWatch, AMarkedNumberIsOld) {
    CitationWatch watch(2);
    watch.mark(1);
    watch.mark(7);
    EXPECT_EQ(watch.feed("[1][2]"), (std::vector<int>{2}));
}

}  // namespace
}  // namespace bb::tutor
