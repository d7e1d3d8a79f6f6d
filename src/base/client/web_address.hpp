#pragma once
#include <optional>
#include <string>

namespace bb::client {

/// An address of the web, taken apart by the library that fetches from it.
struct WebAddress {
    std::string url;     ///< whole, in its usual form, without a fragment
    std::string scheme;  ///< in lower case
    /// Without brackets; every way to write an IPv4 address is written with dots. Empty only where the scheme
    /// is none of the web's.
    std::string host;
    int port = 0;      ///< also where it is the scheme's own
    std::string path;  ///< "/a/b", without the query
    bool has_user = false;
};

/// Takes `text` apart; where it is relative, by `base`. Nothing for what is no address.
std::optional<WebAddress> parse_web_address(const std::string& text, const std::string& base = {});

}  // namespace bb::client
