#include "base/net/public_address.hpp"

#include <gtest/gtest.h>

namespace bb::net {
namespace {

bool is_public(const char* text) {
    return net::is_public(boost::asio::ip::make_address(text));
}

TEST(PublicAddresses, AreThoseOfTheInternet) {
    for (const char* address : {
             "1.1.1.1",
             "8.8.8.8",
             "9.255.255.255",
             "11.0.0.0",
             "100.63.255.255",
             "100.128.0.0",
             "126.255.255.255",
             "128.0.0.0",
             "169.253.255.255",
             "169.255.0.0",
             "172.15.255.255",
             "172.32.0.0",
             "192.0.1.0",
             "192.167.255.255",
             "192.169.0.0",
             "198.17.255.255",
             "198.20.0.0",
             "223.255.255.255",
             "2001:200::1",
             "2001:4860:4860::8888",
             "2606:4700:4700::1111",
             "2a00:1450:4001:82b::200e",
             "2003::1",
             "3ffe::1",
         })
        EXPECT_TRUE(is_public(address)) << address;
}

TEST(PublicAddresses, AreNoneOfSpecialUse) {
    for (const char* address : {
             "0.0.0.0",
             "0.1.2.3",  // this network
             "10.0.0.0",
             "10.255.255.255",  // private
             "172.16.0.0",
             "172.31.255.255",  //
             "192.168.0.0",
             "192.168.255.255",  //
             "100.64.0.0",
             "100.127.255.255",
             "100.100.100.200",  // shared; a cloud's metadata
             "127.0.0.1",
             "127.255.255.255",  // loopback
             "169.254.0.1",
             "169.254.169.254",
             "169.254.170.2",  // link-local; clouds' metadata
             "168.63.129.16",
             "192.0.0.192",  // clouds' metadata elsewhere
             "192.0.0.1",
             "192.0.2.1",
             "192.88.99.1",  // protocols, documentation, 6to4
             "192.31.196.1",
             "192.52.193.1",
             "192.175.48.1",  // AS112, AMT
             "198.18.0.0",
             "198.19.255.255",  // measurements
             "198.51.100.1",
             "203.0.113.1",  // documentation
             "224.0.0.1",
             "239.255.255.255",  // multicast
             "240.0.0.1",
             "255.255.255.255",  // reserved, broadcast
             "::",
             "::1",  // unspecified, loopback
             "::ffff:127.0.0.1",
             "::ffff:8.8.8.8",
             "::127.0.0.1",       // IPv4 in IPv6
             "::ffff:0:8.8.8.8",  //
             "64:ff9b::7f00:1",
             "64:ff9b::808:808",
             "64:ff9b:1::1",  // NAT64
             "2002:7f00:1::",
             "2002:808:808::1",  // 6to4
             "2001::1",
             "2001:0:7f00:1::",
             "2001:10::1",  // Teredo, ORCHID
             "2001:20::1",
             "2001:1ff:ffff::1",  //
             "2001:db8::1",
             "3fff::1",  // documentation
             "100::1",
             "5f00::1",
             "1fff:ffff::1",  // discard, segment routing, not given out
             "4000::1",
             "2620:4f:8000::1",  //
             "fc00::1",
             "fd00:ec2::254",
             "fdff::1",  // unique local; a cloud's metadata
             "fe80::1",
             "fe80::1%1",
             "febf::1",  // link-local
             "fec0::1",
             "ff02::1",
             "ff0e::1",  // site-local, multicast
         })
        EXPECT_FALSE(is_public(address)) << address;
}

}  // namespace
}  // namespace bb::net
