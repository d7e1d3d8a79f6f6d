// What proxies add to a request: whatever it says, an address comes out, never one of a stranger's choice
// when the connection is not a proxy's; and no target makes a path or query that is not UTF-8.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/core/utf8.hpp"
#include "base/http/service.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

bb::http::ServiceOptions options() {
    bb::http::ServiceOptions options;
    options.trusted_proxies = *bb::net::NetworkList::parse("10.0.0.0/8,fd00::/8");
    return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static bb::http::Router router;
    static bb::metrics::Registry registry;
    static const bb::http::Service service(router, {}, options(), registry);
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    const auto half = bytes.size() / 2;
    for (const std::string from : {"10.1.2.3", "203.0.113.9", "127.0.0.1"}) {
        bb::http::Request request;
        request.target = "/" + bytes;
        request.headers.emplace_back("x-forwarded-for", bytes.substr(0, half));
        request.headers.emplace_back("x-forwarded-proto", bytes.substr(half));
        request.headers.emplace_back("x-forwarded-for", bytes.substr(half));
        const auto peer = service.peer_of(boost::asio::ip::make_address(from));
        service.identify(request, peer);
        boost::system::error_code failed;
        boost::asio::ip::make_address(request.peer, failed);
        require(!failed);
        require(!request.loopback);
        if (from != "10.1.2.3") require(request.peer == from && !request.secure);
        const auto plan = service.plan(request);
        if (plan.refusal) continue;
        require(bb::utf8::valid(request.path));
        for (const auto& [key, value] : request.query_items)
            require(bb::utf8::valid(key) && bb::utf8::valid(value));
    }
    return 0;
}
