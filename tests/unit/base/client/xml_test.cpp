#include "base/client/xml.hpp"

#include <gtest/gtest.h>

namespace bb::client {
namespace {

TEST(Xml, ReadsWhatStorageAnswersWith) {
    const auto read = parse_xml(
        "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a page -->\n"
        "<ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>\n"
        "  <IsTruncated>false</IsTruncated><Prefix/>\n"
        "  <Contents><Key>a&lt;b&gt;&amp;&quot;&apos;&#x20AC;&#233;</Key><Size>12</Size></Contents>\n"
        "  <Contents a = \"1>2\" ><Key>second</Key></Contents>\n</ListBucketResult>\n");
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->name, "ListBucketResult");
    EXPECT_EQ(read->text_of("IsTruncated"), "false");
    EXPECT_EQ(read->text_of("Prefix"), "");
    ASSERT_EQ(read->children.size(), 4u);
    EXPECT_EQ(read->children[2].text_of("Key"), "a<b>&\"'\xE2\x82\xAC\xC3\xA9");
    EXPECT_EQ(read->children[3].text_of("Key"), "second");
    EXPECT_EQ(read->children[3].child("Size"), nullptr);
}

TEST(Xml, RefusesEverythingElse) {
    for (const char* text : {"",
                             " ",
                             "text",
                             "<a>",
                             "<a></b>",
                             "<a/><b/>",
                             "<a/>x",
                             "<a b></a>",
                             "<a b=c></a>",
                             "<a b=\"></a>",
                             "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
                             "<a>&x;</a>",
                             "<a>&#xD800;</a>",
                             "<a>&#0;</a>",
                             "<a>&#1114112;</a>",
                             "<a>&#99999999999;</a>",
                             "<a>&#65</a>",
                             "<a><![CDATA[x]]></a>",
                             "<a><?php?></a>",
                             "<a",
                             "<a ",
                             "<a></a",
                             "<a><!-- </a>",
                             "<a>\xFF</a>",
                             "<>x</>",
                             "<a></ a>"})
        EXPECT_FALSE(parse_xml(text)) << text;
}

TEST(Xml, IsBounded) {
    std::string deep, wide = "<a>";
    for (int i = 0; i < 100'000; ++i) deep += "<a>";
    EXPECT_FALSE(parse_xml(deep));
    for (std::size_t i = 0; i <= most_xml_elements; ++i) wide += "<b/>";
    EXPECT_FALSE(parse_xml(wide + "</a>"));
    EXPECT_FALSE(parse_xml("<a>" + std::string(most_xml_bytes, 'x') + "</a>"));
}

}  // namespace
}  // namespace bb::client
