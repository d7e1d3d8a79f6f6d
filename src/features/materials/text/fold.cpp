#include "features/materials/text/fold.hpp"

#include <algorithm>
#include <array>

#include "base/core/utf8.hpp"

namespace bb::materials::text {
namespace {

// U+00C0 to U+00FF.
constexpr std::array<std::string_view, 64> latin_1 = {
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",   //
    "d", "n", "o", "o", "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "ss",  //
    "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",   //
    "d", "n", "o", "o", "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y"};

// U+0100 to U+017F.
constexpr std::string_view latin_extended_a =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii??jjkkklllllllllln"
    "nnnnnnnnoooooo??rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(latin_extended_a.size() == 128);

// U+1EA0 to U+1EF9, the accented vowels of Vietnamese, two code points a letter.
constexpr std::string_view vietnamese = "aaaaaaaaaaaaeeeeeeeeiioooooooooooouuuuuuuyyyy";

void append_latin_extended_a(std::string& out, char32_t c) {
    if (c == 0x132 || c == 0x133) {
        out += "ij";
    } else if (c == 0x152 || c == 0x153) {
        out += "oe";
    } else {
        out += latin_extended_a[c - 0x100];
    }
}

char32_t lower_of_other_scripts(char32_t c) {
    if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f)) return c + 32;
    if (c >= 0x400 && c <= 0x40f) return c + 80;
    if (c == 0x3c2) return 0x3c3;  // final sigma
    return c;
}

bool is_lower_pair_upper(char32_t c) {
    if (c >= 0x139 && c <= 0x148) return c % 2 == 1;
    if (c >= 0x179 && c <= 0x17e) return c % 2 == 1;
    return c % 2 == 0;
}

char32_t lower(char32_t c) {
    if (c >= 'A' && c <= 'Z') return c + 32;
    if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
    if (c >= 0x100 && c <= 0x17e && c != 0x130 && c != 0x131 && c != 0x138 && c != 0x149 && c != 0x178)
        return is_lower_pair_upper(c) ? c + 1 : c;
    if (c >= 0x1ea0 && c <= 0x1ef9) return c | 1;
    return lower_of_other_scripts(c);
}

bool is_space(char32_t c) {
    return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0 || (c >= 0x2000 && c <= 0x200b) || c == 0x3000;
}

}  // namespace

void append_folded(std::string& out, char32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    } else if (c >= 0xc0 && c <= 0xff) {
        out += latin_1[c - 0xc0];
    } else if (c >= 0x100 && c <= 0x17f) {
        append_latin_extended_a(out, c);
    } else if (c >= 0x300 && c <= 0x36f) {
        return;
    } else if (c >= 0x1ea0 && c <= 0x1ef9) {
        out += vietnamese[(c - 0x1ea0) / 2];
    } else if (c >= 0x2080 && c <= 0x2089) {
        out += static_cast<char>('0' + (c - 0x2080));
    } else if (c == 0x2070 || (c >= 0x2074 && c <= 0x2079)) {
        out += static_cast<char>('0' + (c - 0x2070));
    } else if (c == 0xb2 || c == 0xb3) {
        out += static_cast<char>('0' + (c - 0xb0));
    } else if (c == 0xb9) {
        out += '1';
    } else {
        utf8::append(out, lower_of_other_scripts(c));
    }
}

std::string folded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) append_folded(out, utf8::next(text, at));
    return out;
}

std::string name_key(std::string_view name) {
    std::string out;
    bool gap = false;
    for (std::size_t at = 0; at < name.size();) {
        const char32_t c = utf8::next(name, at);
        if (is_space(c)) {
            gap = !out.empty();
            continue;
        }
        if (gap) out += ' ';
        gap = false;
        utf8::append(out, lower(c));
    }
    return out;
}

}  // namespace bb::materials::text
