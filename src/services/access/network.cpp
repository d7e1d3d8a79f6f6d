#include "services/access/network.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <string>

namespace bb::access {

std::array<std::uint8_t, 16> network_of(std::string_view address) {
    namespace ip = boost::asio::ip;
    std::array<std::uint8_t, 16> network{};
    boost::system::error_code failed;
    const auto parsed = ip::make_address(std::string(address), failed);
    if (failed) return network;
    if (parsed.is_v4()) return ip::make_address_v6(ip::v4_mapped, parsed.to_v4()).to_bytes();
    const auto bytes = parsed.to_v6().to_bytes();
    const bool mapped = parsed.to_v6().is_v4_mapped();
    std::copy_n(bytes.begin(), mapped ? 16 : 8, network.begin());
    return network;
}

std::string shorten_network(std::string_view address) {
    boost::system::error_code bad;
    const auto parsed = boost::asio::ip::make_address(std::string(address), bad);
    if (bad) return {};
    if (parsed.is_v6() && !parsed.to_v6().is_v4_mapped()) {
        auto bytes = parsed.to_v6().to_bytes();
        std::fill(bytes.begin() + 6, bytes.end(), static_cast<unsigned char>(0));
        return boost::asio::ip::address_v6(bytes).to_string() + "/48";
    }
    const auto v4 = parsed.is_v4()
                        ? parsed.to_v4()
                        : boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, parsed.to_v6());
    const auto text = v4.to_string();
    return text.substr(0, text.rfind('.')) + ".x";
}

}  // namespace bb::access
