#include "features/accounts/client.hpp"

#include <gtest/gtest.h>

namespace {

using namespace bb;
using accounts::describe_device;

TEST(Client, DeviceIsNamedInWords) {
    struct Case {
        const char* user_agent;
        const char* device;
    };
    const Case cases[] = {
        {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 "
         "Safari/537.36",
         "Chrome on Windows"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
         "Edge on Windows"},
        {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
         "Chrome on Android"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 "
         "Mobile/15E148 Safari/604.1",
         "Safari on iPhone"},
        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
         "Safari on macOS"},
        {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36",
         "Chrome on ChromeOS"},
        {"curl/7.88.1", "curl"},
        {"Something (Windows NT 10.0)", "Windows"},
        {"", "Unknown device"},
        {"<script>alert(1)</script>", "Unknown device"},
    };
    for (const auto& c : cases) EXPECT_EQ(describe_device(c.user_agent), c.device) << c.user_agent;
}

TEST(Client, IsReadFromTheRequest) {
    http::Request request;
    request.peer = "198.51.100.9";
    request.headers = {{"user-agent", "curl/8"}};
    const auto client = accounts::client_of(request);
    EXPECT_EQ(client.device, "curl");
    EXPECT_EQ(client.network, "198.51.100.x");
}

}  // namespace
