#include "base/core/address.hpp"

#include <algorithm>

#include "base/core/utf8.hpp"

namespace bb {
namespace {

constexpr std::size_t longest_address = 254;
constexpr std::size_t longest_local_part = 64;
constexpr std::size_t longest_label = 63;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_local_character(char c) {
    return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

/// Calls `fits` for each part between dots; false when one does not fit or there is none.
template <class Fits>
bool every_part(std::string_view text, Fits fits) {
    while (true) {
        const auto dot = text.find('.');
        if (!fits(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_local_part(std::string_view local) {
    if (local.size() > longest_local_part) return false;
    return every_part(local, [](std::string_view atom) {
        return !atom.empty() && std::all_of(atom.begin(), atom.end(), is_local_character);
    });
}

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > longest_label) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    return std::all_of(label.begin(), label.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_domain(std::string_view domain) {
    // A name without a dot is a typing error everywhere but on the machine itself.
    if (domain.find('.') == std::string_view::npos) return domain == "localhost";
    return every_part(domain, is_label);
}

}  // namespace

std::optional<std::string> parse_address(std::string_view text) {
    text = utf8::trim(text);
    if (text.size() > longest_address) return std::nullopt;
    std::string address(text);
    std::transform(address.begin(), address.end(), address.begin(), lower);

    const auto at = address.rfind('@');
    if (at == std::string::npos) return std::nullopt;
    const std::string_view whole = address;
    if (!is_local_part(whole.substr(0, at)) || !is_domain(whole.substr(at + 1))) return std::nullopt;
    return address;
}

std::string name_from_address(std::string_view address) {
    // An address holds ASCII alone and its local part at most 64 characters, so any name made here fits.
    return std::string(address.substr(0, address.find('@')));
}

}  // namespace bb
