#include "operations/dns/names.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

namespace bb::dns {
namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;

bool is_label(std::string_view label) {
    if (label == "*") return true;
    const auto known = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= longest_label &&
           std::all_of(label.begin(), label.end(), known) && label.front() != '-' && label.back() != '-';
}

bool is_name(std::string_view name) {
    if (name.size() > longest_name || name.find('.') == std::string_view::npos) return false;
    for (bool first = true;; first = false) {
        const auto label = name.substr(0, name.find('.'));
        if (!is_label(label) || (label == "*" && !first)) return false;
        if (label.size() == name.size()) return true;
        name.remove_prefix(label.size() + 1);
    }
}

template <int family, class Address>
std::string address_in(const std::string& text) {
    Address address;
    char written[INET6_ADDRSTRLEN] = {};
    if (inet_pton(family, text.c_str(), &address) != 1) return {};
    return inet_ntop(family, &address, written, sizeof written);
}

}  // namespace

Result<std::string> parse_name(std::string_view text) {
    std::string name(text);
    if (name.ends_with('.')) name.pop_back();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (is_name(name)) return name;
    return Error(ErrorCode::invalid_input,
                 fmt::format("\"{}\" is no full name such as tutor.school.example (names with letters beyond "
                             "a to z: in their xn-- form).",
                             text));
}

Result<Target> parse_target(std::string_view text) {
    const std::string words(text);
    if (auto four = address_in<AF_INET, in_addr>(words); !four.empty()) return Target{"A", four};
    if (auto six = address_in<AF_INET6, in6_addr>(words); !six.empty()) return Target{"AAAA", six};
    // 203.0.113.500 would pass as a name.
    const bool digits = words.find_first_not_of("0123456789.") == std::string::npos;
    const auto name = parse_name(text);
    if (digits || !name || name->starts_with('*'))
        return Error(ErrorCode::invalid_input,
                     fmt::format("\"{}\" is neither an IP address nor the full name of a host.", text));
    return Target{"CNAME", *name};
}

}  // namespace bb::dns
