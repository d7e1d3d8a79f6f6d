#include "services/webauthn/relying_party.hpp"

#include <gtest/gtest.h>

namespace {

using namespace bb::webauthn;

TEST(RelyingParty, NamesHavePasskeys) {
    const auto parties = relying_parties({"https://Learn.Example.org:443", "http://localhost:3000"});
    ASSERT_EQ(parties.size(), 2u);
    EXPECT_EQ(parties[0].id, "learn.example.org");
    EXPECT_EQ(parties[0].origin, "https://learn.example.org");
    EXPECT_EQ(parties[1].id, "localhost");
    EXPECT_EQ(parties[1].origin, "http://localhost:3000");
}

TEST(RelyingParty, NumbersAndPlainHttpHaveNone) {
    for (const char* url : {"http://127.0.0.1:3000", "https://203.0.113.7", "https://[::1]:3000",
                            "http://learn.example.org", "localhost:3000", "", "https://"})
        EXPECT_TRUE(relying_parties({url}).empty()) << url;
}

TEST(RelyingParty, AnAddressGivenTwiceIsOne) {
    EXPECT_EQ(relying_parties({"http://localhost:3000", "http://LOCALHOST:3000"}).size(), 1u);
}

TEST(RelyingParty, AnOriginIsFoundOnlyAsItIs) {
    const auto parties = relying_parties({"https://learn.example.org", "http://localhost:3000"});
    EXPECT_EQ(find_party(parties, "http://localhost:3000"), &parties[1]);
    for (const char* origin : {"http://localhost", "http://localhost:3001", "https://localhost:3000",
                               "https://evil.learn.example.org", "https://learn.example.org:8443", ""})
        EXPECT_EQ(find_party(parties, origin), nullptr) << origin;
}

}  // namespace
