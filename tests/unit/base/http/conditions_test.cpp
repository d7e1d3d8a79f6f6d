#include "base/http/conditions.hpp"

#include <gtest/gtest.h>

namespace bb::http {
namespace {

IfMatch with(std::string value) {
    Request request;
    request.headers.emplace_back("if-match", std::move(value));
    return IfMatch::of(request);
}

std::string tag_in(const Response& response) {
    for (const auto& [name, value] : response.headers)
        if (name == "ETag") return value;
    return "";
}

TEST(IfMatch, LooksAtTheMarkOfTheTag) {
    EXPECT_TRUE(IfMatch().allows(3));
    EXPECT_TRUE(with("*").allows(3));
    EXPECT_TRUE(with("\"3.x\"").allows(3));
    EXPECT_TRUE(with("\"2\", \"3\"").allows(3));
    EXPECT_FALSE(with("\"2.x\"").allows(3));
    EXPECT_FALSE(with("W/\"3\"").allows(3));
    EXPECT_FALSE(with("garbage").allows(3));
    EXPECT_TRUE(with("\"" + mark_of("open") + ".x\"").allows(mark_of("open")));
    EXPECT_FALSE(with("\"" + mark_of("open") + ".x\"").allows(mark_of("invited")));
}

TEST(IfMatch, GivesVersionsToAStatement) {
    EXPECT_FALSE(IfMatch().versions());
    EXPECT_EQ(with("\"2.x\", W/\"3\", \"9\", \"odd.1\"").versions(), (std::vector<std::int32_t>{2, 9}));
    EXPECT_EQ(with("garbage").versions(), std::vector<std::int32_t>());
}

TEST(Tagged, SaysWhatIsEditableAndWhatIsShown) {
    Request request;
    request.method = Method::get;
    const auto one = tagged(request, json_response("{\"a\":1}"), "7");
    const auto other = tagged(request, json_response("{\"a\":2}"), "7");
    const auto tag = tag_in(one);
    EXPECT_TRUE(tag.starts_with("\"7."));
    EXPECT_NE(tag, tag_in(other));
    request.headers.emplace_back("if-none-match", tag);
    EXPECT_EQ(tagged(request, json_response("{\"a\":1}"), "7").status, 304);
    EXPECT_EQ(tagged(request, json_response("{\"a\":2}"), "7").status, 200);
}

}  // namespace
}  // namespace bb::http
