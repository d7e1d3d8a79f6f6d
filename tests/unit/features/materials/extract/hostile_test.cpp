#include <gtest/gtest.h>

#include "unit/features/materials/extract/files.hpp"

namespace bb::materials::extract {
namespace {

using test::text_of;

constexpr const char* too_large_words =
    "too-large: The file holds too much to be read. Split it into smaller files.";

std::string deep_xml(int depth) {
    std::string open;
    std::string close;
    for (int i = 0; i < depth; ++i) {
        open += "<w:ins>";
        close += "</w:ins>";
    }
    return open + "<w:p><w:r><w:t>x</w:t></w:r></w:p>" + close;
}

TEST(ExtractArchive, EncryptedMembersAreToldBeforeTheyFail) {
    EXPECT_EQ(text_of("a.docx", test::zipped({{"word/document.xml", "<a/>"}}, "secret")),
              "protected: The file is protected by a password. Save it without one, and upload that.");
}

TEST(ExtractArchive, NamesThatLeadElsewhereAreRefused) {
    for (const char* name : {"../evil.xml", "a/../../evil.xml", "/etc/passwd", "..\\evil", "a/.."})
        EXPECT_TRUE(text_of("a.docx", test::zipped({{name, "x"}})).starts_with("damaged: ")) << name;
}

TEST(ExtractArchive, TargetsThatLeadElsewhereFindNothing) {
    const std::string ids = "<p:sldId id=\"1\" r:id=\"../../../etc/passwd.xml\"/>";
    EXPECT_TRUE(text_of("a.pptx", test::pptx(ids, {{"../../../etc/passwd", ""}})).starts_with("damaged: "));
}

TEST(ExtractArchive, TheSameNameTwiceIsRefused) {
    EXPECT_TRUE(text_of("a.docx", test::zipped({{"a.xml", "1"}, {"a.xml", "2"}})).starts_with("damaged: "));
}

TEST(ExtractArchive, TooManyMembersAreRefused) {
    test::Members members;
    for (int i = 0; i < 10'001; ++i) members.emplace_back("m" + std::to_string(i), "");
    EXPECT_EQ(text_of("a.docx", test::zipped(members)), too_large_words);
}

TEST(ExtractArchive, BombsEndByTheirRatioAndByTheirSize) {
    const std::string bomb = test::docx("<w:p/>" + std::string(4u << 20, ' '));
    EXPECT_EQ(text_of("a.docx", bomb), too_large_words);
    Limits limits;
    limits.ratio = 100'000;
    limits.unpacked_bytes = 3u << 20;
    EXPECT_EQ(text_of("a.docx", bomb, limits), too_large_words);
    std::string ids;
    for (int i = 0; i < 100; ++i) ids += "<p:sldId r:id=\"s.xml\"/>";
    EXPECT_EQ(text_of("a.pptx", test::pptx(ids, {{"s", std::string(100'000, ' ')}}), limits),
              too_large_words);
}

TEST(ExtractArchive, SizesThatLieAreFoundOut) {
    std::string zip = test::docx("<w:p><w:r><w:t>" + std::string(5000, 'x') + "</w:t></w:r></w:p>");
    for (auto at = zip.find("PK\x01\x02"); at != std::string::npos; at = zip.find("PK\x01\x02", at + 1))
        zip[at + 24] = 1;
    EXPECT_FALSE(read(Kind::docx, zip, "a.docx"));
}

TEST(ExtractArchive, ArchivesWithinAreNotOpened) {
    const std::string inner = test::docx("<w:p><w:r><w:t>inner</w:t></w:r></w:p>");
    EXPECT_EQ(text_of("a.docx", test::docx("<w:p><w:r><w:t>outer</w:t></w:r></w:p>", {{"package", inner}})),
              "outer\n");
}

constexpr const char* entity_words =
    "damaged: A part of the file declares entities, which no office program does.";

/// A Word document whose main part begins with this document type.
std::string docx_of_type(const std::string& type, const std::string& text) {
    const std::string relations =
        "<Relationships><Relationship Id=\"1\" Type=\"/officeDocument\" Target=\"d.xml\"/></Relationships>";
    return test::zipped({{"_rels/.rels", relations},
                         {"d.xml", type + "<w:document><w:body><w:p><w:r><w:t>" + text +
                                       "</w:t></w:r></w:p></w:body></w:document>"}});
}

TEST(ExtractXml, EntitiesOfItsOwnAreRefused) {
    const std::string laughs =
        "<!DOCTYPE w [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
        "\"&b;&b;&b;&b;&b;&b;\">]>";
    EXPECT_EQ(text_of("a.docx", docx_of_type(laughs, "&c;")), entity_words);
    for (const char* inner : {"<!ENTITY x SYSTEM \"file:///etc/passwd\">",
                              "<!-- ] > --><!ENTITY % x SYSTEM \"http://example.org/x\"> %x;"})
        EXPECT_EQ(text_of("a.docx", docx_of_type("<!DOCTYPE w [" + std::string(inner) + "]>", "&x;")),
                  entity_words);
    const std::string content = "<!DOCTYPE o [<!ENTITY x \"x\">]><o/>";
    EXPECT_EQ(text_of("a.odt", test::zipped({{"content.xml", content}})), entity_words);
    EXPECT_EQ(text_of("a.epub", test::zipped({{"META-INF/container.xml", content}})), entity_words);
}

TEST(ExtractXml, PlainDocumentTypesAreNot) {
    EXPECT_EQ(text_of("a.docx", docx_of_type("<!DOCTYPE w SYSTEM \"file:///etc/passwd\">", "fine")),
              "fine\n");
    const std::string page =
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.1//EN\" "
        "\"http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd\"><html><body><p>fine</p></body></html>";
    EXPECT_EQ(text_of("a.epub", test::epub({{"1.xhtml", page}})), "fine\n");
    EXPECT_EQ(text_of("a.html", page), "fine\n");
}

TEST(ExtractXml, DepthIsBounded) {
    EXPECT_EQ(text_of("a.docx", test::docx(deep_xml(150))), "x\n");
    EXPECT_EQ(text_of("a.docx", test::docx(deep_xml(300))),
              "damaged: The elements of the file are too deep within each other.");
    Limits limits;
    limits.ratio = 100'000;
    EXPECT_TRUE(text_of("a.docx", test::docx(deep_xml(1'000'000)), limits).starts_with("damaged: "));
}

TEST(ExtractXml, TreesThatWouldFillTheMemoryAreNotBuilt) {
    std::string cells;
    for (int i = 0; i < 500'000; ++i) cells += "<c/><c a=''/>";
    Limits limits;
    limits.ratio = 100'000;
    limits.tree_bytes = 16u << 20;
    EXPECT_EQ(text_of("a.xlsx", test::xlsx(cells), limits), too_large_words);
}

TEST(ExtractXml, BytesThatAreNoUtf8AreReplaced) {
    EXPECT_EQ(text_of("a.docx", test::docx("<w:p><w:r><w:t>le\xe8 af&#13;&#7;</w:t></w:r></w:p>")),
              "le\xef\xbf\xbd af\n");
    EXPECT_EQ(text_of("a.html", "<pre>a&#12;&#13;b</pre>"), "```\nab\n```\n");
}

TEST(ExtractXml, TextThatIsTooMuchIsRefused) {
    Limits limits;
    limits.text_bytes = 1000;
    const std::string paragraph = "<w:p><w:r><w:t>" + std::string(100, 'x') + "</w:t></w:r></w:p>";
    std::string many;
    for (int i = 0; i < 20; ++i) many += paragraph;
    EXPECT_EQ(text_of("a.docx", test::docx(many), limits), too_large_words);
    EXPECT_EQ(text_of("a.txt", std::string(1001, 'x'), limits), too_large_words);
}

TEST(ExtractXml, OneStringInEveryCellCannotFillTheMemory) {
    std::string rows;
    for (int r = 0; r < 500; ++r) {
        rows += "<row>";
        for (int c = 0; c < 50; ++c) rows += "<c t=\"s\"><v>0</v></c>";
        rows += "</row>";
    }
    const std::string strings = "<sst><si><t>" + std::string(500'000, 'x') + "</t></si></sst>";
    EXPECT_EQ(text_of("a.xlsx", test::xlsx(rows, {{"sharedStrings", strings}})), too_large_words);
}

}  // namespace
}  // namespace bb::materials::extract
