#include <gtest/gtest.h>

#include "unit/features/materials/extract/files.hpp"

namespace bb::materials::extract {
namespace {

using test::text_of;

TEST(ExtractKinds, AreToldByTheEndingOfTheName) {
    EXPECT_EQ(kind_of_name("Notes.DOCX"), Kind::docx);
    EXPECT_EQ(kind_of_name("a.b.md"), Kind::markdown);
    EXPECT_EQ(kind_of_name("page.htm"), Kind::html);
    EXPECT_EQ(kind_of_name("Leaf.java"), Kind::code);
    EXPECT_EQ(kind_of_name("book.epub"), Kind::epub);
    EXPECT_EQ(kind_of_name("scan.pdf"), Kind::pdf);
    EXPECT_EQ(kind_of_name("old.doc"), std::nullopt);
    EXPECT_EQ(kind_of_name("film.mp4"), std::nullopt);
    EXPECT_EQ(kind_of_name("docx"), std::nullopt);
    EXPECT_EQ(kind_of_name(".md"), std::nullopt);
    EXPECT_EQ(kind_of_name(""), std::nullopt);
}

TEST(ExtractKinds, HaveMediaTypes) {
    EXPECT_EQ(media_type_of_name("a.docx"),
              "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
    EXPECT_EQ(media_type_of_name("a.HTM"), "text/html");
    EXPECT_EQ(media_type_of_name("a.tsv"), "text/tab-separated-values");
    EXPECT_EQ(media_type_of_name("a.srt"), "application/x-subrip");
    EXPECT_EQ(media_type_of_name("a.py"), "text/plain");
    EXPECT_EQ(media_type_of_name("a.exe"), "application/octet-stream");
}

TEST(ExtractKinds, GiveMarkdownWhereThereIsStructure) {
    EXPECT_EQ(format_of(Kind::docx), text::Format::markdown);
    EXPECT_EQ(format_of(Kind::code), text::Format::markdown);
    EXPECT_EQ(format_of(Kind::plain), text::Format::plain);
    EXPECT_EQ(format_of(Kind::subtitles), text::Format::plain);
    EXPECT_EQ(format_of(Kind::pdf), text::Format::plain);
}

TEST(ExtractKinds, WhatIsNotWhatItsNameSaysIsCalledByItsOwn) {
    EXPECT_EQ(text_of("a.docx", "%PDF-1.7 and so on"),
              "mismatch: The file is not what its name says: it is a PDF.");
    EXPECT_EQ(text_of("a.txt", "\x89PNG\r\n\x1a\n...."),
              "mismatch: The file is not what its name says: it is a picture (PNG).");
    EXPECT_EQ(
        text_of("a.html", test::docx("")),
        "mismatch: The file is not what its name says: it is a ZIP archive (as .docx, .pptx, .xlsx, .odt and "
        ".epub are).");
    EXPECT_EQ(text_of("a.epub", "Once upon a time"),
              "damaged: The file is damaged, or is not what its name says: it does not begin as one.");
    EXPECT_EQ(text_of("a.pptx", test::docx("<w:p/>")),
              "mismatch: The file is not what its name says: it is another kind of document.");
    EXPECT_EQ(text_of("a.xlsx", test::opendocument("<office:text/>")),
              "mismatch: The file is not what its name says: it is another kind of archive.");
    EXPECT_EQ(text_of("a.odp", test::opendocument("<office:text/>")),
              "mismatch: The file is not what its name says: it is another kind of document.");
    EXPECT_EQ(text_of("a.epub", test::zipped({{"holiday.txt", "hello"}})),
              "mismatch: The file is not what its name says: it is another kind of archive.");
}

TEST(ExtractKinds, OldOrProtectedOfficeFilesSayWhatToDo) {
    std::string ole("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    ole.resize(608);
    for (const char* name : {"a.docx", "a.xlsx", "a.pptx", "a.txt"})
        EXPECT_TRUE(
            text_of(name, ole).starts_with("protected: The file is protected by a password, or is of an old"))
            << name;
}

TEST(ExtractKinds, WhatHoldsNoTextIsRefused) {
    EXPECT_EQ(text_of("a.txt", ""), "empty: The file is empty.");
    EXPECT_EQ(text_of("a.txt", " \n\t -- \n"), "empty: The file holds no text.");
    EXPECT_EQ(text_of("a.docx", test::docx("<w:p/>")), "empty: The file holds no text.");
    EXPECT_EQ(text_of("a.html", "<p></p><script>let a = 1</script>"), "empty: The file holds no text.");
}

TEST(ExtractKinds, TextBeginningLikeAnotherKindIsText) {
    EXPECT_EQ(text_of("a.txt", "ID3 is a tag of MP3 files.\n"), "ID3 is a tag of MP3 files.\n");
}

}  // namespace
}  // namespace bb::materials::extract
