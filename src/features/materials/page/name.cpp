#include "features/materials/page/name.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/core/utf8.hpp"
#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/read.hpp"

namespace bb::materials::page {
namespace {

constexpr std::size_t longest_stem = 120;         // characters
constexpr std::size_t title_within = 256 * 1024;  // bytes from the start of a page
constexpr std::size_t longest_title = 2000;       // bytes
constexpr std::size_t longest_entity = 10;        // characters of it

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_coded =
            text[i] == '%' && i + 2 < text.size() && digit_of(text[i + 1]) >= 0 && digit_of(text[i + 2]) >= 0;
        if (is_coded) {
            plain += static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
            i += 2;
        } else {
            plain += text[i] == '_' ? ' ' : text[i];
        }
    }
    return plain;
}

/// Controls beyond ASCII, and what makes text run the other way or hides.
bool has_no_place(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x061c || c == 0xfeff ||
           c == '/' || c == '\\';
}

/// The place of `word` (in lower case) in `text`, whatever its case.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from) {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    };
    if (from >= text.size()) return std::string_view::npos;
    const auto at = std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), word.begin(),
                                word.end(), same);
    return at == text.end() ? std::string_view::npos : static_cast<std::size_t>(at - text.begin());
}

/// The text of the first element <title>, as it stands there.
std::string_view raw_title(std::string_view html) {
    html = html.substr(0, title_within);
    const auto tag = find_word(html, "<title", 0);
    const auto start = html.find('>', std::min(tag, html.size()));
    const auto end = find_word(html, "</title", std::min(start, html.size()));
    if (tag == std::string_view::npos || start == std::string_view::npos || end == std::string_view::npos)
        return {};
    return html.substr(start + 1, std::min(end - start - 1, longest_title));
}

/// The character of "amp", "#38" or "#x26".
std::optional<char32_t> character_of(std::string_view entity) {
    constexpr std::pair<std::string_view, char32_t> names[] = {
        {"amp", '&'},      {"lt", '<'},       {"gt", '>'},        {"quot", '"'},     {"apos", '\''},
        {"nbsp", ' '},     {"ndash", 0x2013}, {"mdash", 0x2014},  {"lsquo", 0x2018}, {"rsquo", 0x2019},
        {"ldquo", 0x201c}, {"rdquo", 0x201d}, {"hellip", 0x2026}, {"middot", 0xb7},  {"ntilde", 0xf1},
        {"eacute", 0xe9},  {"laquo", 0xab},   {"raquo", 0xbb},    {"bull", 0x2022},  {"copy", 0xa9},
    };
    for (const auto& [name, character] : names)
        if (name == entity) return character;
    if (!entity.starts_with('#')) return std::nullopt;
    const bool is_hexadecimal = entity.size() > 1 && (entity[1] == 'x' || entity[1] == 'X');
    const auto digits = entity.substr(is_hexadecimal ? 2 : 1);
    std::uint32_t number = 0;
    const auto end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, number, is_hexadecimal ? 16 : 10);
    const bool is_one = read.ec == std::errc() && read.ptr == end && number > 0 && number < 0x110000 &&
                        (number < 0xd800 || number > 0xdfff);
    return is_one ? std::optional<char32_t>(number) : std::nullopt;
}

std::string without_entities(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const auto end = text.substr(0, longest_entity).find(';');
        const bool may_be = text.front() == '&' && end != std::string_view::npos;
        const auto character = may_be ? character_of(text.substr(1, end - 1)) : std::nullopt;
        if (character)
            utf8::append(plain, *character);
        else
            plain += text.front();
        text.remove_prefix(character ? end + 1 : 1);
    }
    return plain;
}

}  // namespace

std::string_view stem_of(std::string_view name) {
    return extract::kind_of_name(name) ? name.substr(0, name.rfind('.')) : name;
}

std::string safe_name(std::string_view stem, std::string_view ending) {
    if (!utf8::valid(stem)) return {};
    std::string kept;
    for (std::size_t at = 0; at < stem.size();) {
        const char32_t c = utf8::next(stem, at);
        if (has_no_place(c))
            kept += ' ';
        else
            utf8::append(kept, c);
    }
    const auto line = extract::one_line(kept);
    std::string_view short_line = line;
    while (short_line.starts_with('.') || short_line.starts_with(' ')) short_line.remove_prefix(1);
    short_line = utf8::trim(utf8::prefix(short_line, longest_stem));
    if (short_line.empty()) return {};
    return std::string(short_line) + "." + std::string(ending);
}

std::string name_of_address(const client::WebAddress& address) {
    std::string_view path = address.path;
    while (path.ends_with('/')) path.remove_suffix(1);
    const auto last = percent_decoded(path.substr(path.rfind('/') + 1));
    const auto ending = ending_of({}, last);
    const auto name = safe_name(stem_of(last), ending.empty() ? "html" : ending);
    if (!name.empty()) return name;
    const auto host = safe_name(address.host, "html");
    return host.empty() ? "page.html" : host;
}

std::string ending_of(std::string_view type, std::string_view path) {
    for (const std::string_view family : {"image/", "audio/", "video/", "font/"})
        if (type.starts_with(family)) path = {};
    if (const auto said = extract::ending_of_media_type(type); !said.empty()) return std::string(said);
    if (extract::kind_of_name(path)) {
        std::string ending(path.substr(path.rfind('.') + 1));
        for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        return ending;
    }
    return type == "text/plain" ? "txt" : "";
}

std::string title_of(const fetch::Page& page) {
    const auto raw = raw_title(page.body);
    if (utf8::valid(raw)) return extract::one_line(without_entities(raw));
    const bool may_be_guessed =
        page.charset.empty() || page.charset == "iso-8859-1" || page.charset == "windows-1252";
    if (!may_be_guessed) return {};
    const auto text = extract::decoded(raw);
    return text ? extract::one_line(without_entities(*text)) : std::string();
}

}  // namespace bb::materials::page
