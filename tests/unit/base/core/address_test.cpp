#include "base/core/address.hpp"

#include <gtest/gtest.h>

using bb::name_from_address;
using bb::parse_address;

namespace {

TEST(Address, IsTrimmedAndLowerCase) {
    EXPECT_EQ(parse_address("  Ana.Cruz+school@Example.ORG "), "ana.cruz+school@example.org");
}

TEST(Address, AcceptsWhatPeopleHave) {
    const std::string cases[] = {
        "a@b.co",
        "first.last@sub.domain.example",
        "o'brien@example.ie",
        "x_y-z=1@ex-ample.org",
        "admin@localhost",
        "1@2.ph",
        std::string(64, 'l') + "@example.org",
    };
    for (const auto& address : cases) EXPECT_EQ(parse_address(address), address);
}

TEST(Address, RefusesWhatIsNone) {
    const std::string cases[] = {
        "",
        "@",
        "ana",
        "ana@",
        "@example.org",
        "ana@school",  // no dot: a typing error
        "ana@@example.org",
        "ana@b@example.org",
        ".ana@example.org",
        "ana.@example.org",
        "an..a@example.org",
        "ana@example..org",
        "ana@.example.org",
        "ana@example.org.",
        "ana@-example.org",
        "ana@example-.org",
        "ana cruz@example.org",
        "\"ana\"@example.org",
        "ana@[127.0.0.1]",
        "ana@exa_mple.org",
        "ana@example.org\r\nBcc: all@example.org",
        std::string("ana\0@example.org", 16),
        "añá@example.org",
        "Ana <ana@example.org>",
        std::string(65, 'l') + "@example.org",
        "ana@" + std::string(64, 'd') + ".org",
    };
    for (const auto& address : cases) EXPECT_EQ(parse_address(address), std::nullopt) << address;
}

TEST(Address, IsAtMost254Bytes) {
    std::string domain;
    while (domain.size() < 240) domain += std::string(40, 'd') + ".";
    domain += "org";
    const auto exact = std::string(254 - 1 - domain.size(), 'l') + "@" + domain;
    EXPECT_TRUE(parse_address(exact));
    EXPECT_FALSE(parse_address("l" + exact));
}

TEST(Address, GivesANameUntilThePersonSaysTheirs) {
    EXPECT_EQ(name_from_address("ana.cruz@example.org"), "ana.cruz");
}

}  // namespace
