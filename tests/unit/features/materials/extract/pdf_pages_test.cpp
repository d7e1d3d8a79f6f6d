#include "features/materials/extract/pdf_pages.hpp"

#include <gtest/gtest.h>

namespace bb::materials::extract {
namespace {

constexpr const char* some = "One page of text, and that is enough.\n";

TEST(PdfPages, ThoseOfFewLettersArePictures) {
    const PdfPages pages(std::string(some) + "\f\fScanned by Me\n\f" + some + "\f", 10);
    ASSERT_EQ(pages.count(), 4u);
    EXPECT_FALSE(pages.is_picture(0));
    EXPECT_TRUE(pages.is_picture(1));
    EXPECT_TRUE(pages.is_picture(2));
    EXPECT_FALSE(pages.is_picture(3));
    EXPECT_EQ(PdfPages("", 10).count(), 0u);
    EXPECT_FALSE(PdfPages("\n\f \f", 10).has_words());
}

TEST(PdfPages, ATitleAloneAndAnEmptyPageAreNoPicturesOnceItIsKnownWhereSomeAre) {
    PdfPages pages("Chapter 1\n\f" + std::string(some) + "\f\f\f", 10);
    ASSERT_TRUE(pages.is_mixed());
    pages.know_pictures(
        "page   num  type\n--------------\n   2     0 image\n   4     1 image\n   9     2 image\n");
    EXPECT_FALSE(pages.is_picture(0));
    EXPECT_FALSE(pages.is_picture(1)) << "it has words";
    EXPECT_FALSE(pages.is_picture(2));
    EXPECT_TRUE(pages.is_picture(3));
    pages.know_pictures("");
    EXPECT_FALSE(pages.is_mixed());
    EXPECT_FALSE(PdfPages("\f\f", 10).is_mixed()) << "drawn letters are no pictures, and can be read in one";
}

TEST(PdfPages, TakeTheWordsOfAPictureWhereTheyAreMore) {
    PdfPages pages("\fPage 2\n\f" + std::string(some) + "\f", 10);
    pages.see(0, "Chlorophyll\n");
    pages.see(1, "Pag\n");
    EXPECT_EQ(pages.text({}), "Chlorophyll\n\fPage 2\n\f" + std::string(some));
}

TEST(PdfPages, SayWhatWasNotRead) {
    const std::string three = std::string(some) + "\f\f" + some + "\f";
    EXPECT_EQ(PdfPages(three, 3).text({}), std::string(some) + "\f\f" + some);
    EXPECT_EQ(PdfPages(three, 2).text({}), std::string(some) + "\n\n(The pages from 3 on were not read.)");
    EXPECT_EQ(PdfPages(three, 3).text(1), std::string(some) + "\f\f" + some +
                                              "\n\n(From page 2 on, pages that are pictures were not read.)");
    EXPECT_EQ(PdfPages(std::string(some) + "\f\f\f", 3).text(1),
              std::string(some) + "\n\n(The pages from 2 on were not read.)");
    EXPECT_EQ(PdfPages(std::string(some) + "\f\f\f\f", 3).text(1),
              std::string(some) + "\n\n(The pages from 2 on were not read.)")
        << "said once";
}

}  // namespace
}  // namespace bb::materials::extract
