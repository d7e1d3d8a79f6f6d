#include "features/accounts/local_path.hpp"

#include <algorithm>

namespace bb::accounts {
namespace {

constexpr std::size_t longest = 2000;

/// `path` is `place` or stands below it.
bool is_within(std::string_view path, std::string_view place) {
    if (!path.starts_with(place)) return false;
    const auto rest = path.substr(place.size());
    return rest.empty() || std::string_view("/?#").find(rest.front()) != std::string_view::npos;
}

}  // namespace

std::string local_path(std::string_view text) {
    // A second slash or a backslash would make a host of what follows.
    if (text.empty() || text.size() > longest || text.front() != '/') return {};
    if (text.starts_with("//")) return {};
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 127 && c != '\\';
    });
    if (!printable || is_within(text, "/api") || is_within(text, "/sign-in")) return {};

    // What the request parser has decoded goes back into the form of an address.
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string path;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 128 && c != '"' && c != '<' && c != '>')
            path += c;
        else
            path.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
    return path;
}

}  // namespace bb::accounts
