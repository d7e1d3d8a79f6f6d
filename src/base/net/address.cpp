#include "base/net/address.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::net {
namespace ip = boost::asio::ip;
namespace {

template <class Bytes>
bool same_prefix(const Bytes& a, const Bytes& b, unsigned bits) {
    for (std::size_t i = 0; i < a.size() && bits > 0; ++i) {
        const unsigned take = std::min(bits, 8u);
        const auto mask = static_cast<unsigned char>(0xff << (8 - take));
        if ((a[i] & mask) != (b[i] & mask)) return false;
        bits -= take;
    }
    return true;
}

}  // namespace

Result<ip::tcp::endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    const auto port = parse_number<unsigned short>(text.substr(colon + 1));
    if (colon == std::string_view::npos || !port)
        return Error(ErrorCode::invalid_input, fmt::format("'{}' is not ADDRESS:PORT", text));
    std::string host(text.substr(0, colon));
    if (host == "localhost") host = "127.0.0.1";
    if (host.empty() || host == "*") return ip::tcp::endpoint(ip::address_v6::any(), *port);
    if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    boost::system::error_code failed;
    const auto address = ip::make_address(host, failed);
    if (failed) return Error(ErrorCode::invalid_input, fmt::format("'{}' is not an IP address", host));
    return ip::tcp::endpoint(address, *port);
}

Result<NetworkList> NetworkList::parse(std::string_view text) {
    NetworkList list;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const std::string_view item = utf8::trim(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        if (item.empty()) continue;
        const auto slash = item.find('/');
        boost::system::error_code failed;
        const auto address = ip::make_address(std::string(item.substr(0, slash)), failed);
        const unsigned most = !failed && address.is_v6() ? 128 : 32;
        const auto bits = slash == std::string_view::npos ? std::optional(most)
                                                          : parse_number<unsigned>(item.substr(slash + 1));
        if (failed || !bits || *bits > most)
            return Error(ErrorCode::invalid_input, fmt::format("'{}' is not an address or network", item));
        list.networks_.push_back({address, *bits});
    }
    return list;
}

bool NetworkList::contains(const ip::address& address) const {
    const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
    const ip::address plain =
        mapped ? ip::address(ip::make_address_v4(ip::v4_mapped, address.to_v6())) : address;
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        if (network.address.is_v4() != plain.is_v4()) return false;
        if (plain.is_v4())
            return same_prefix(plain.to_v4().to_bytes(), network.address.to_v4().to_bytes(), network.bits);
        return same_prefix(plain.to_v6().to_bytes(), network.address.to_v6().to_bytes(), network.bits);
    });
}

}  // namespace bb::net
