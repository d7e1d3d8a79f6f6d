#include "services/fetch/guard.hpp"

#include <gtest/gtest.h>

namespace bb::fetch {
namespace {

const Guard strict;
const Guard lenient(net::NetworkList::parse("127.0.0.0/8,fd00::/8").value());

std::string fault_of(const Guard& guard, const std::string& text, const std::string& base = {}) {
    const auto address = guard.check(text, base);
    return address ? std::string() : address.error().detail;
}

TEST(Guard, LetsAddressesOfTheWebThrough) {
    struct Case {
        const char* text;
        const char* url;
    };
    const Case cases[] = {
        {"https://example.org", "https://example.org/"},
        {"HTTPS://Example.org/A", "https://Example.org/A"},
        {"http://example.org:80/a?b=c#part", "http://example.org:80/a?b=c"},
        {"https://example.org:443/", "https://example.org:443/"},
        {"https://example.org/a b", "https://example.org/a%20b"},
        {"http://1.1.1.1/", "http://1.1.1.1/"},
        {"http://[2606:4700:4700::1111]/", "http://[2606:4700:4700::1111]/"},
    };
    for (const auto& [text, url] : cases) {
        const auto address = strict.check(text);
        ASSERT_TRUE(address) << text << ": " << address.error().detail;
        EXPECT_EQ(address->url, url);
    }
}

TEST(Guard, RefusesWhatIsNoPageOfTheInternet) {
    struct Case {
        const char* text;
        const char* fault;
    };
    constexpr const char* scheme = "must begin with https:// or http://";
    constexpr const char* port = "must not name a port other than 80 and 443";
    constexpr const char* place = "must lead to a page of the public internet";
    constexpr const char* none = "must be the address of a web page";
    const Case cases[] = {
        {"file:///etc/passwd", scheme},
        {"ftp://example.org/", scheme},
        {"gopher://example.org/", scheme},
        {"javascript:alert(1)", none},
        {"example.org", none},
        {"", none},
        {"https://", none},
        {"https://exa mple.org/", none},
        {"http://%80example.org/", none},
        {"https://example.%ff%fe/", none},
        {"https://ana@example.org/", "must not hold a user name or password"},
        {"https://ana:secret@example.org/", "must not hold a user name or password"},
        {"https://example.org:8080/", port},
        {"http://example.org:22/", port},
        {"http://127.0.0.1/", place},
        {"http://127.1/", place},
        {"http://2130706433/", place},
        {"http://0x7f000001/", place},
        {"http://0x7f.0.0.1/", place},
        {"http://0177.0.0.1/", place},
        {"http://0/", place},
        {"http://10.0.0.1/", place},
        {"http://169.254.169.254/latest/meta-data/", place},
        {"http://[::1]/", place},
        {"http://[::ffff:127.0.0.1]/", place},
        {"http://[fe80::1%25eth0]/", place},
    };
    for (const auto& [text, fault] : cases) EXPECT_EQ(fault_of(strict, text), fault) << text;
    EXPECT_EQ(fault_of(strict, "https://example.org/" + std::string(2000, 'a')),
              "must have at most 2000 characters");
    EXPECT_NE(fault_of(strict, std::string("https://example.org/\0a", 22)), "");
    EXPECT_NE(fault_of(strict, "https://example.org/\r\nHost: other"), "");
}

TEST(Guard, ChecksWhereARedirectLeads) {
    const std::string base = "https://example.org/a/b?c";
    EXPECT_EQ(strict.check("../d", base)->url, "https://example.org/d");
    EXPECT_EQ(strict.check("//example.com/e", base)->url, "https://example.com/e");
    EXPECT_EQ(fault_of(strict, "http://192.168.1.1/", base), "must lead to a page of the public internet");
    EXPECT_EQ(fault_of(strict, "file:///etc/passwd", base), "must begin with https:// or http://");
    EXPECT_EQ(fault_of(strict, "http://%80example.org/", base), "must be the address of a web page");
    EXPECT_EQ(fault_of(strict, "//ana:secret@example.org/", base), "must not hold a user name or password");
}

TEST(Guard, TellsOfEveryAddressWhetherItMayBeConnectedTo) {
    const auto at = [](const char* text) {
        return boost::asio::ip::make_address(text);
    };
    EXPECT_TRUE(strict.allows(at("1.1.1.1"), 443));
    EXPECT_TRUE(strict.allows(at("1.1.1.1"), 80));
    EXPECT_FALSE(strict.allows(at("1.1.1.1"), 5432));
    EXPECT_FALSE(strict.allows(at("127.0.0.1"), 80));
    EXPECT_FALSE(strict.allows(at("::1"), 443));
}

TEST(Guard, AllowsWhatAnOperatorListsBesides) {
    EXPECT_EQ(fault_of(lenient, "http://127.0.0.1:8080/"), "");
    EXPECT_EQ(fault_of(lenient, "http://wiki.school.example:8080/"), "");  // told when it is looked up
    EXPECT_EQ(fault_of(lenient, "http://10.0.0.1/"), "must lead to a page of the public internet");
    const auto at = [](const char* text) {
        return boost::asio::ip::make_address(text);
    };
    EXPECT_TRUE(lenient.allows(at("127.0.0.1"), 8080));
    EXPECT_TRUE(lenient.allows(at("fd12::1"), 8080));
    EXPECT_FALSE(lenient.allows(at("1.1.1.1"), 8080));
    EXPECT_FALSE(lenient.allows(at("10.0.0.1"), 80));
}

}  // namespace
}  // namespace bb::fetch
