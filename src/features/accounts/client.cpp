#include "features/accounts/client.hpp"

#include <boost/asio/ip/address.hpp>
#include <utility>

namespace bb::accounts {
namespace {

using Known = std::pair<std::string_view, std::string_view>;  // text in the header, name shown

// Order matters: Edge and Opera also say "Chrome", and Chrome also says "Safari".
constexpr Known browsers[] = {
    {"Edg", "Edge"},
    {"OPR/", "Opera"},
    {"SamsungBrowser/", "Samsung Internet"},
    {"Firefox/", "Firefox"},
    {"FxiOS/", "Firefox"},
    {"HeadlessChrome/", "Chrome"},
    {"Chrome/", "Chrome"},
    {"CriOS/", "Chrome"},
    {"Safari/", "Safari"},
    {"curl/", "curl"},
    {"brainbytes", "Command line"},
};

// Order matters: Android also says "Linux", and iPhones also say "Mac OS X".
constexpr Known systems[] = {
    {"Android", "Android"}, {"iPhone", "iPhone"},   {"iPad", "iPad"},   {"Windows", "Windows"},
    {"CrOS", "ChromeOS"},   {"Macintosh", "macOS"}, {"Linux", "Linux"},
};

template <std::size_t N>
std::string_view first_known(const Known (&list)[N], std::string_view user_agent) {
    for (const auto& [mark, name] : list)
        if (user_agent.find(mark) != std::string_view::npos) return name;
    return {};
}

}  // namespace

std::string describe_device(std::string_view user_agent) {
    const auto browser = first_known(browsers, user_agent);
    const auto system = first_known(systems, user_agent);
    if (browser.empty() && system.empty()) return "Unknown device";
    if (browser.empty()) return std::string(system);
    if (system.empty()) return std::string(browser);
    return std::string(browser) + " on " + std::string(system);
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

Client client_of(const http::Request& request) {
    return {describe_device(request.header("user-agent")), shorten_network(request.peer)};
}

}  // namespace bb::accounts
