#include "features/accounts/client.hpp"

#include "services/access/network.hpp"

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

Client client_of(const http::Request& request) {
    return {describe_device(request.header("user-agent")), access::shorten_network(request.peer), request.id};
}

}  // namespace bb::accounts
