#include "features/materials/page/name.hpp"

#include <gtest/gtest.h>

#include "base/core/utf8.hpp"

namespace bb::materials::page {
namespace {

std::string name_of(const std::string& url) {
    return name_of_address(client::parse_web_address(url).value());
}

std::string title_of_html(std::string html, std::string charset = {}) {
    fetch::Page page;
    page.body = std::move(html);
    page.charset = std::move(charset);
    return title_of(page);
}

TEST(PageName, ComesFromTheAddressAtFirst) {
    EXPECT_EQ(name_of("https://example.org/"), "example.org.html");
    EXPECT_EQ(name_of("https://example.org"), "example.org.html");
    EXPECT_EQ(name_of("https://example.org/wiki/Cell_membrane"), "Cell membrane.html");
    EXPECT_EQ(name_of("https://example.org/a/notes.PDF?x=1"), "notes.pdf");
    EXPECT_EQ(name_of("https://example.org/a/b/"), "b.html");
    EXPECT_EQ(name_of("https://example.org/ma%C3%B1ana"), "mañana.html");
    EXPECT_EQ(name_of("https://example.org/%ff%fe"), "example.org.html");
    EXPECT_EQ(name_of("https://example.org/..%2f..%2fetc%2fpasswd"), "etc passwd.html");
    EXPECT_EQ(name_of("https://[2606:4700::1]/"), "2606:4700::1.html");
}

TEST(PageName, EndsAsThePageIsRead) {
    EXPECT_EQ(ending_of("text/html", "/a"), "html");
    EXPECT_EQ(ending_of("text/html", "/a.php"), "html");
    EXPECT_EQ(ending_of("application/xhtml+xml", "/a"), "xhtml");
    EXPECT_EQ(ending_of("application/pdf", "/a"), "pdf");
    EXPECT_EQ(ending_of("text/plain", "/a"), "txt");
    EXPECT_EQ(ending_of("text/plain", "/readme.md"), "md");
    EXPECT_EQ(ending_of("text/plain", "/sort.py"), "py");
    EXPECT_EQ(ending_of("application/octet-stream", "/a.docx"), "docx");
    EXPECT_EQ(ending_of("", "/a.pdf"), "pdf");
    EXPECT_EQ(ending_of("image/png", "/a"), "png");
    for (const char* type : {"video/mp4", "image/svg+xml", "audio/mpeg", "application/zip", ""})
        EXPECT_EQ(ending_of(type, "/a"), "") << type;
    EXPECT_EQ(ending_of("video/mp4", "/a.pdf"), "");
}

TEST(PageTitle, IsThatOfThePage) {
    EXPECT_EQ(title_of_html("<html><head><TITLE lang=en>Cells &amp; tissue\n  in  plants</TITLE>"),
              "Cells & tissue in plants");
    EXPECT_EQ(title_of_html("<title>&#77;&#x61;p &ntilde; &unknown; &#0; &#xd800; &amp</title>"),
              "Map ñ &unknown; &#0; &#xd800; &amp");
    EXPECT_EQ(title_of_html("<title>La ma\xf1"
                            "ana</title>"),
              "La mañana");
    EXPECT_EQ(title_of_html("<title>\x82\xb1\x82\xf1</title>", "shift_jis"), "");
    for (const char* none :
         {"", "<title", "<title>", "<title>never ended", "<p>words</p>", "</title><title>"})
        EXPECT_EQ(title_of_html(none), "") << none;
    EXPECT_EQ(title_of_html(std::string(300'000, ' ') + "<title>far away</title>"), "");
    EXPECT_LE(title_of_html("<title>" + std::string(100'000, 'x') + "</title>").size(), 2000u);
}

TEST(PageName, HoldsNothingThatDoesHarm) {
    EXPECT_EQ(safe_name("../../etc/passwd", "html"), "etc passwd.html");
    EXPECT_EQ(safe_name("a\\b\r\nc\t\x01", "pdf"), "a b c.pdf");
    EXPECT_EQ(safe_name("fdp\xe2\x80\xae"
                        "exe",
                        "html"),
              "fdp exe.html");  // turns the direction of text
    EXPECT_EQ(safe_name("  ...  ", "html"), "");
    EXPECT_EQ(safe_name("\xff\xfe", "html"), "");
    const auto long_name = safe_name(std::string(500, 'x'), "html");
    EXPECT_EQ(utf8::length(long_name), 125u);
    EXPECT_EQ(stem_of("Mine.html"), "Mine");
    EXPECT_EQ(stem_of("Version 1.5"), "Version 1.5");
}

}  // namespace
}  // namespace bb::materials::page
