#include "services/access/network.hpp"

#include <gtest/gtest.h>

namespace {

using bb::access::shorten_network;

TEST(Network, NetworkIsShortened) {
    EXPECT_EQ(shorten_network("203.0.113.77"), "203.0.113.x");
    EXPECT_EQ(shorten_network("::ffff:203.0.113.77"), "203.0.113.x");
    EXPECT_EQ(shorten_network("2001:db8:12:34:56:78:9a:bc"), "2001:db8:12::/48");
    EXPECT_EQ(shorten_network("::1"), "::/48");
    EXPECT_EQ(shorten_network("somewhere"), "");
    EXPECT_EQ(shorten_network(""), "");
}

}  // namespace
