#include <gtest/gtest.h>

#include "unit/features/materials/extract/files.hpp"

namespace bb::materials::extract {
namespace {

using test::text_of;

std::string word_paragraph(const std::string& words, const std::string& properties = {}) {
    return "<w:p><w:pPr>" + properties + "</w:pPr><w:r><w:t>" + words + "</w:t></w:r></w:p>";
}

std::string text_of_word(const std::string& body, const test::Members& parts = {}) {
    return text_of("a.docx", test::docx(body, parts));
}

TEST(ExtractWord, HeadingsByTheNamesOfStylesInAnyLanguage) {
    const std::string styles =
        "<w:styles><w:style w:type=\"paragraph\" w:styleId=\"berschrift2\"><w:name w:val=\"heading "
        "2\"/></w:style>"
        "<w:style w:type=\"paragraph\" w:styleId=\"Own\"><w:name w:val=\"Mine\"/><w:basedOn "
        "w:val=\"berschrift2\"/>"
        "</w:style><w:style w:type=\"paragraph\" w:styleId=\"Loop\"><w:basedOn w:val=\"Loop\"/></w:style>"
        "<w:style w:type=\"paragraph\" w:styleId=\"Titel\"><w:name w:val=\"Title\"/></w:style></w:styles>";
    EXPECT_EQ(
        text_of_word(word_paragraph("Leaf", "<w:pStyle w:val=\"Titel\"/>") +
                         word_paragraph("Parts", "<w:pStyle w:val=\"berschrift2\"/>") +
                         word_paragraph("Veins", "<w:pStyle w:val=\"Own\"/>") +
                         word_paragraph("Outlined", "<w:outlineLvl w:val=\"2\"/>") +
                         word_paragraph("Body", "<w:pStyle w:val=\"Own\"/><w:outlineLvl w:val=\"9\"/>") +
                         word_paragraph("Looped", "<w:pStyle w:val=\"Loop\"/>"),
                     {{"styles", styles}}),
        "# Leaf\n\n## Parts\n\n## Veins\n\n### Outlined\n\nBody\n\nLooped\n");
}

TEST(ExtractWord, WhatWasDeletedOrHiddenIsLeftOut) {
    EXPECT_EQ(text_of_word(
                  "<w:p><w:r><w:t>one </w:t></w:r><w:del><w:r><w:delText>two </w:delText></w:r></w:del>"
                  "<w:ins><w:r><w:t>three</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>four</w:t>"
                  "</w:r><w:moveFrom><w:r><w:t>five</w:t></w:r></w:moveFrom><w:hyperlink><w:r><w:t> six</w:t>"
                  "</w:r></w:hyperlink><w:r><w:instrText>HYPERLINK x</w:instrText></w:r></w:p>"),
              "one three six\n");
}

TEST(ExtractWord, TheTableOfContentsIsLeftOut) {
    EXPECT_EQ(
        text_of_word(
            "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val=\"Table of Contents\"/></w:docPartObj>"
            "</w:sdtPr><w:sdtContent>" +
            word_paragraph("Leaf 3") + "</w:sdtContent></w:sdt><w:sdt><w:sdtContent>" +
            word_paragraph("kept") + "</w:sdtContent></w:sdt>"),
        "kept\n");
}

TEST(ExtractWord, TextBoxesAreReadOnce) {
    const std::string box = "<w:txbxContent>" + word_paragraph("boxed") + "</w:txbxContent>";
    EXPECT_EQ(
        text_of_word(
            "<w:p><w:r><w:t>around</w:t></w:r><w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>" +
            box + "</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>" + box +
            "</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"),
        "around\n\nboxed\n");
}

TEST(ExtractWord, PagesEndOnceWhereTheyEnd) {
    EXPECT_EQ(text_of_word("<w:p><w:r><w:t>one</w:t><w:br w:type=\"page\"/></w:r></w:p><w:p><w:r>"
                           "<w:lastRenderedPageBreak/><w:t>two</w:t></w:r></w:p>" +
                           word_paragraph("three", "<w:pageBreakBefore/>") +
                           "<w:p><w:r><w:t>four</w:t><w:lastRenderedPageBreak/><w:t>five</w:t></w:r></w:p>"),
              "one\n\n\f\ntwo\n\n\f\nthree\n\nfour\n\n\f\nfive\n");
}

TEST(ExtractWord, ListsAreNumberedAsTheyAreShown) {
    const std::string lists =
        "<w:numbering><w:abstractNum w:abstractNumId=\"7\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"3\"/>"
        "<w:numFmt w:val=\"decimal\"/></w:lvl><w:lvl w:ilvl=\"1\"><w:numFmt w:val=\"bullet\"/></w:lvl>"
        "</w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId w:val=\"7\"/></w:num></w:numbering>";
    const auto item = [](const std::string& words, const std::string& depth) {
        return word_paragraph(words,
                              "<w:numPr><w:ilvl w:val=\"" + depth + "\"/><w:numId w:val=\"1\"/></w:numPr>");
    };
    EXPECT_EQ(text_of_word(item("a", "0") + item("b", "1") + item("c", "0") +
                               word_paragraph("d", "<w:numPr><w:numId w:val=\"0\"/></w:numPr>"),
                           {{"numbering", lists}}),
              "3. a\n    - b\n4. c\n\nd\n");
}

TEST(ExtractWord, MergedCellsKeepTheirColumns) {
    const auto cell = [](const std::string& properties, const std::string& words) {
        return "<w:tc><w:tcPr>" + properties + "</w:tcPr>" + word_paragraph(words) + "</w:tc>";
    };
    EXPECT_EQ(text_of_word("<w:tbl><w:tr>" + cell("", "A") + cell("<w:gridSpan w:val=\"2\"/>", "B") +
                           "</w:tr><w:tr>" + cell("<w:vMerge w:val=\"restart\"/>", "1") + cell("", "2") +
                           cell("", "3|4") + "</w:tr><w:tr>" + cell("<w:vMerge/>", "") + cell("", "5") +
                           cell("", "6") + "</w:tr></w:tbl>"),
              "| A | B | |\n| --- | --- | --- |\n| 1 | 2 | 3\\|4 |\n| | 5 | 6 |\n");
}

TEST(ExtractWord, NotesThatNameThemselvesEnd) {
    const std::string notes =
        "<w:footnotes><w:footnote w:id=\"2\"><w:p><w:r><w:t>see</w:t><w:footnoteReference "
        "w:id=\"2\"/></w:r></w:p>"
        "</w:footnote></w:footnotes>";
    const std::string text = text_of_word(
        "<w:p><w:r><w:t>x</w:t><w:footnoteReference w:id=\"2\"/></w:r></w:p>", {{"footnotes", notes}});
    EXPECT_TRUE(text.starts_with("x[^1]\n\n[^1]: see[^2]\n[^2]: see[^3]\n"));
    EXPECT_LT(text.size(), 200'000u);
}

std::string drawn_shape(const std::string& placeholder, const std::string& paragraphs) {
    return "<p:sp><p:nvSpPr><p:nvPr>" + placeholder + "</p:nvPr></p:nvSpPr><p:txBody>" + paragraphs +
           "</p:txBody></p:sp>";
}

std::string drawn_paragraph(const std::string& words, const std::string& properties = {}) {
    return "<a:p>" + properties + "<a:r><a:t>" + words + "</a:t></a:r></a:p>";
}

TEST(ExtractSlides, ComeInTheOrderOfThePresentation) {
    const std::string ids =
        "<p:sldId id=\"9\" r:id=\"b.xml\"/><p:sldId id=\"8\" r:id=\"c.xml\"/><p:sldId id=\"7\" "
        "r:id=\"a.xml\"/>";
    const std::string first =
        drawn_shape("", drawn_paragraph("free") +
                            drawn_paragraph("marked", "<a:pPr lvl=\"1\"><a:buChar char=\"-\"/></a:pPr>")) +
        "<p:grpSp>" + drawn_shape("<p:ph type=\"title\"/>", drawn_paragraph("Leaf")) + "</p:grpSp>" +
        drawn_shape("<p:ph type=\"sldNum\"/>", drawn_paragraph("17")) +
        drawn_shape("<p:ph idx=\"1\"/>",
                    drawn_paragraph("point") + drawn_paragraph("none", "<a:pPr><a:buNone/></a:pPr>"));
    EXPECT_EQ(
        text_of("a.pptx",
                test::pptx(ids, {{"a", drawn_shape("", drawn_paragraph("last"))}, {"b", first}, {"c", ""}})),
        "# Leaf\n\nfree\n\n- marked\n- point\n\nnone\n\n\f\n\n\f\nlast\n");
}

TEST(ExtractSheets, NumbersAreShownAsTheyAreFormatted) {
    const std::string styles =
        "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"[$-409]d\\.mmm\\.yyyy;@\"/><numFmt "
        "numFmtId=\"165\" "
        "formatCode=\"&quot;day &quot;0.0\"/></numFmts><cellXfs><xf numFmtId=\"0\"/><xf "
        "numFmtId=\"164\"/><xf "
        "numFmtId=\"165\"/><xf numFmtId=\"22\"/><xf numFmtId=\"20\"/><xf "
        "numFmtId=\"10\"/></cellXfs></styleSheet>";
    const auto cell = [](const std::string& style, const std::string& value) {
        return "<c s=\"" + style + "\"><v>" + value + "</v></c>";
    };
    EXPECT_EQ(
        text_of("a.xlsx",
                test::xlsx(
                    "<row>" + cell("0", "0.30000000000000004") + cell("1", "46090") + cell("1", "59") +
                        cell("2", "7") + cell("3", "46090.5") + cell("4", "0.75") + cell("5", "0.125") +
                        cell("1", "-1") + cell("1", "1e300") + cell("99999", "1E3") +
                        "<c t=\"e\"><v>#DIV/0!</v></c><c t=\"b\"><v>1</v></c><c t=\"s\"><v>77</v></c></row>"
                        "<row><c t=\"inlineStr\"><is><r><t>in</t></r><r><t>line</t></r></is></c></row>",
                    {{"styles", styles}})),
        "# One\n\n| 0.3 | 2026-03-09 | 1900-02-28 | 7 | 2026-03-09 12:00 | 18:00 | 12.5% | -1 | 1e+300 | "
        "1000 | "
        "#DIV/0! | TRUE |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n| "
        "inline | | | | | "
        "| | | | | | |\n");
}

TEST(ExtractSheets, FarAwayCellsTakeNoRoom) {
    Limits limits;
    limits.rows = 3;
    EXPECT_EQ(
        text_of(
            "a.xlsx",
            test::xlsx("<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"C1\"><v>2</v></c><c "
                       "r=\"XFD1\"><v>3</v></c></row>"
                       "<row r=\"1000000\"><c r=\"C1000000\"><v>4</v></c><c r=\"ZZZZZZ9\"><v>5</v></c></row>"
                       "<row r=\"99999999999999\"><c><v>6</v></c></row><row><c><v>7</v></c></row>"),
            limits),
        "# One\n\n| 1 | 2 |\n| --- | --- |\n| | 4 |\n| 6 | |\n\n(The sheet goes on: further rows or columns "
        "are left "
        "out.)\n");
}

TEST(ExtractOpenDocument, RepeatedRowsAndColumnsAreBounded) {
    const std::string cell = "<table:table-cell office:value-type=\"string\"><text:p>";
    EXPECT_EQ(
        text_of(
            "a.ods",
            test::opendocument(
                "<office:spreadsheet><table:table table:name=\"One\"><table:table-row>" + cell +
                "a</text:p></table:table-cell>" + cell +
                "b</text:p></table:table-cell><table:table-cell table:number-columns-repeated=\"16382\"/>"
                "</table:table-row><table:table-row table:number-rows-repeated=\"1048575\">"
                "<table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row></table:table>"
                "</office:spreadsheet>")),
        "# One\n\n| a | b |\n| --- | --- |\n");
    const std::string filled =
        "<office:spreadsheet><table:table table:name=\"One\"><table:table-row "
        "table:number-rows-repeated=\"1048576\">"
        "<table:table-cell table:number-columns-repeated=\"16384\"><text:p>" +
        std::string(1000, 'x') +
        "</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>";
    EXPECT_TRUE(text_of("a.ods", test::opendocument(filled)).starts_with("too-large: "));
}

TEST(ExtractOpenDocument, ChangesAndCommentsAreLeftOut) {
    EXPECT_EQ(
        text_of("a.odt",
                test::opendocument(
                    "<office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
                    "<text:p>one<office:annotation><text:p>comment</text:p></office:annotation> two<text:s "
                    "text:c=\"3\"/>three<text:line-break/>four</text:p><text:p>before<text:soft-page-break/>"
                    "after</text:p></office:text>")),
        "one two three\nfour\n\nbefore\n\n\f\nafter\n");
}

TEST(ExtractOpenDocument, PasswordsAreTold) {
    const std::string manifest =
        "<manifest:manifest><manifest:file-entry "
        "manifest:full-path=\"content.xml\"><manifest:encryption-data/>"
        "</manifest:file-entry></manifest:manifest>";
    EXPECT_EQ(
        text_of("a.odt", test::zipped({{"META-INF/manifest.xml", manifest}, {"content.xml", "\x01\x02"}})),
        "protected: The file is protected by a password. Save it without one, and upload that.");
}

TEST(ExtractEpub, ChaptersComeInTheOrderOfTheSpine) {
    EXPECT_EQ(
        text_of("a.epub",
                test::epub({{"z%20one.xhtml",
                             "<?xml version=\"1.0\"?><html><head><title/><script src=\"x\"/></head><body>"
                             "<h1>One</h1><a id=\"p1\"/><p>first<br/>line</p></body></html>"},
                            {"kabanata-ñ.xhtml", "<html><body><h1>Two</h1></body></html>"}})),
        "# One\n\nfirst\nline\n\n# Two\n");
}

TEST(ExtractEpub, ChaptersThatAreElsewhereAreNotFound) {
    EXPECT_TRUE(text_of("a.epub", test::epub({{"../../../../etc/passwd", "x"}})).starts_with("damaged: "));
}

TEST(ExtractEpub, BooksOfASellerAreToldApart) {
    const std::string container = "<container><rootfile full-path=\"b.opf\"/></container>";
    EXPECT_TRUE(text_of("a.epub", test::zipped({{"META-INF/container.xml", container},
                                                {"META-INF/rights.xml", "<rights/>"},
                                                {"b.opf", "<package/>"}}))
                    .starts_with("protected: "));
}

}  // namespace
}  // namespace bb::materials::extract
