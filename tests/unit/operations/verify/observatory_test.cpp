#include "operations/verify/observatory.hpp"

#include <gtest/gtest.h>

namespace bb::verify {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const Headers whole = {
    {"content-type", "text/html; charset=utf-8"},
    {"content-security-policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"},
    {"x-content-type-options", "nosniff"},
    {"referrer-policy", "strict-origin-when-cross-origin"},
    {"cross-origin-resource-policy", "same-origin"},
    {"strict-transport-security", "max-age=31536000; includeSubDomains"},
    {"set-cookie", "s=1; Path=/; Secure; HttpOnly; SameSite=Lax"},
};

/// The answer with one header otherwise, or without it when `value` is empty.
client::Reply answer_with(const std::string& name, const std::string& value, const std::string& body = {}) {
    client::Reply reply;
    reply.status = 200;
    reply.body = body;
    for (const auto& one : whole)
        if (one.first != name) reply.headers.push_back(one);
    if (!value.empty()) reply.headers.emplace_back(name, value);
    return reply;
}

TEST(ObservatoryTest, EverythingThatIsThereIsAnAPlus) {
    const auto score = score_of(answer_with("x", ""), true);
    EXPECT_EQ(score.points, 100 + 10 + 5 + 5 + 10 + 5);
    EXPECT_STREQ(score.grade(), "A+");
    EXPECT_TRUE(score.costs.empty());
    EXPECT_EQ(score_of(answer_with("x", ""), false).points, 130) << "cookies are not looked at without TLS";
}

TEST(ObservatoryTest, WhatCostsPointsIsNamed) {
    struct Case {
        const char *name, *value, *cost;
        int points;
    };
    const Case cases[] = {
        {"content-security-policy", "", "csp-not-implemented -25", 55},
        {"content-security-policy", "script-src 'unsafe-inline'", "csp-implemented-with-unsafe-inline -20",
         60},
        {"content-security-policy", "default-src 'self'; img-src http:; frame-ancestors 'none'",
         "csp-implemented-with-insecure-scheme-in-passive-content-only -10", 90 + 25},
        {"strict-transport-security", "", "hsts-not-implemented -20", 80},
        {"strict-transport-security", "max-age=60", "hsts-implemented-max-age-less-than-six-months -10",
         90 + 35},
        {"x-content-type-options", "", "x-content-type-options-not-implemented -5", 95 + 35},
        {"referrer-policy", "unsafe-url", "referrer-policy-unsafe -5", 95 + 30},
        {"cross-origin-resource-policy", "nonsense", "cross-origin-resource-policy-header-invalid -5",
         95 + 25},
        {"set-cookie", "s=1; HttpOnly; SameSite=Lax", "cookies-session-without-secure-flag -40", 60},
        {"set-cookie", "s=1; Secure; SameSite=Lax", "cookies-session-without-httponly-flag -30", 70},
    };
    for (const auto& one : cases) {
        const auto score = score_of(answer_with(one.name, one.value), true);
        ASSERT_FALSE(score.costs.empty()) << one.cost;
        EXPECT_EQ(score.costs.front(), one.cost);
        EXPECT_EQ(score.points, one.points) << one.cost;
    }
}

TEST(ObservatoryTest, ScriptsOfElsewhereCost) {
    const auto points = [](const std::string& source) {
        const auto body = "<html><script src=\"" + source + "\"></script></html>";
        return score_of(answer_with("x", "", body), true).points;
    };
    EXPECT_EQ(points("/assets/a.js"), 135);
    EXPECT_EQ(points("https://cdn.example/a.js"), 130);
    EXPECT_EQ(points("//cdn.example/a.js"), 50);
}

TEST(ObservatoryTest, GradesAreThoseOfTheChart) {
    const std::pair<int, const char*> chart[] = {{100, "A+"}, {99, "A"},  {90, "A"},  {89, "A-"}, {84, "B+"},
                                                 {79, "B"},   {69, "B-"}, {64, "C+"}, {59, "C"},  {49, "C-"},
                                                 {44, "D+"},  {39, "D"},  {29, "D-"}, {24, "F"},  {0, "F"}};
    for (const auto& [points, grade] : chart)
        EXPECT_STREQ((HeaderScore{points, {}}.grade()), grade) << points;
}

}  // namespace
}  // namespace bb::verify
