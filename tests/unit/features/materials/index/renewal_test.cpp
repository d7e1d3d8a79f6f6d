#include "features/materials/index/renewal.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace bb::materials::index {
namespace {

/// One passage for each letter, which is what it says.
std::vector<StoredPassage> stored(const std::string& letters) {
    std::vector<StoredPassage> passages;
    for (const char letter : letters) {
        StoredPassage& one = passages.emplace_back();
        one.id = 100 + static_cast<std::int64_t>(passages.size()) - 1;
        one.ordinal = static_cast<std::int32_t>(passages.size()) - 1;
        one.fingerprint = crypto::sha256(std::string(1, letter));
    }
    return passages;
}

/// The ids of the passages of `after` where `before` was; 0: a new one.
std::vector<std::int64_t> ids_after(const std::string& before, const std::string& after) {
    std::vector<crypto::Digest> now;
    for (const auto& one : stored(after)) now.push_back(one.fingerprint);
    const auto renewal = renewal_of(stored(before), now);
    EXPECT_EQ(renewal.kept.size() + renewal.fresh.size(), after.size());
    EXPECT_EQ(renewal.kept.size() + renewal.gone.size(), before.size());
    std::vector<std::int64_t> ids(after.size(), 0);
    for (const auto& one : renewal.kept) {
        EXPECT_EQ(one.before, one.id - 100);
        ids[static_cast<std::size_t>(one.now)] = one.id;
    }
    for (const auto ordinal : renewal.fresh) EXPECT_EQ(ids[static_cast<std::size_t>(ordinal)], 0);
    for (const auto id : renewal.gone) EXPECT_EQ(std::count(ids.begin(), ids.end(), id), 0);
    return ids;
}

using Ids = std::vector<std::int64_t>;

TEST(Renewal, KeepsWhatSaysTheSame) {
    EXPECT_EQ(ids_after("abc", "abc"), (Ids{100, 101, 102}));
    EXPECT_EQ(ids_after("abc", "axc"), (Ids{100, 0, 102}));
    EXPECT_EQ(ids_after("abc", "xabc"), (Ids{0, 100, 101, 102}));
    EXPECT_EQ(ids_after("abc", "ac"), (Ids{100, 102}));
    EXPECT_EQ(ids_after("abc", "cba"), (Ids{102, 101, 100}));
    EXPECT_EQ(ids_after("abc", "xyz"), (Ids{0, 0, 0}));
    EXPECT_EQ(ids_after("abc", ""), Ids());
    EXPECT_EQ(ids_after("", "ab"), (Ids{0, 0}));
}

TEST(Renewal, TakesPassagesThatSayTheSameInTheirOrder) {
    EXPECT_EQ(ids_after("aaa", "aa"), (Ids{100, 101}));
    EXPECT_EQ(ids_after("aa", "aaa"), (Ids{100, 101, 0}));
    EXPECT_EQ(ids_after("abab", "baba"), (Ids{101, 100, 103, 102}));
}

TEST(Renewal, GoesByOrdinalsWhateverTheIds) {
    auto before = stored("aa");
    std::swap(before[0].ordinal, before[1].ordinal);
    const auto renewal = renewal_of(before, {before[0].fingerprint});
    ASSERT_EQ(renewal.kept.size(), 1u);
    EXPECT_EQ(renewal.kept[0].id, 101);
    EXPECT_EQ(renewal.gone, Ids{100});
}

TEST(Fingerprints, TellTextHeadingsAndPageApartAndNoPlace) {
    text::Passage passage;
    passage.text = "Leaves are green.";
    passage.heading_path = {"Plants", "Leaves"};
    passage.page = 2;
    auto same = passage;
    same.start = 7;
    same.end = 24;
    EXPECT_EQ(fingerprint(passage), fingerprint(same));
    auto text = passage, path = passage, shorter = passage, page = passage;
    text.text += " ";
    path.heading_path[1] = "Roots";
    shorter.heading_path = {"Plants"};
    shorter.text = "Leaves" + passage.text;
    page.page = 3;
    for (const auto& other : {text, path, shorter, page}) EXPECT_NE(fingerprint(passage), fingerprint(other));
}

}  // namespace
}  // namespace bb::materials::index
