#include "features/materials/extract/charset_guess.hpp"

#include <cstddef>

namespace bb::materials::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t least = 8;  // characters that tell something

unsigned byte_at(std::string_view bytes, std::size_t at) {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}

bool is_between(unsigned byte, unsigned first, unsigned last) {
    return first <= byte && byte <= last;
}

/// Japanese: every fourth character at least is kana, which hardly any other text has in these places.
bool is_shift_jis(std::string_view bytes) {
    std::size_t pairs = 0;
    std::size_t kana = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned lead = byte_at(bytes, i);
        if (lead < 0x80 || is_between(lead, 0xa1, 0xdf)) continue;
        const unsigned trail = byte_at(bytes, ++i);
        if (lead == 0x80 || lead == 0xa0 || lead > 0xfc || !is_between(trail, 0x40, 0xfc) || trail == 0x7f)
            return false;
        ++pairs;
        if ((lead == 0x82 && is_between(trail, 0x9f, 0xf1)) || (lead == 0x83 && trail <= 0x96)) ++kana;
    }
    return kana >= least && kana * 4 >= pairs;
}

/// Chinese: nine characters of ten are of the commonest rank or punctuation. Of that rank every fifth at
/// least is beyond the places where EUC-KR has the letters of Korean.
bool is_gb18030(std::string_view bytes) {
    std::size_t pairs = 0;
    std::size_t common = 0;
    std::size_t beyond_korean = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const unsigned lead = byte_at(bytes, i);
        if (lead < 0x80) continue;
        const unsigned trail = byte_at(bytes, ++i);
        const bool is_half = is_between(trail, '0', '9');  // of a character of four bytes
        if (!is_between(lead, 0x81, 0xfe) || (!is_half && (!is_between(trail, 0x40, 0xfe) || trail == 0x7f)))
            return false;
        ++pairs;
        if (trail >= 0xa1 && (is_between(lead, 0xb0, 0xd7) || lead == 0xa1 || lead == 0xa3)) ++common;
        if (trail >= 0xa1 && is_between(lead, 0xc9, 0xd7)) ++beyond_korean;
    }
    return pairs >= least && common * 10 >= pairs * 9 && beyond_korean * 5 >= pairs;
}

/// Cyrillic: more of it than of Latin, and half of it the ten letters that are commonest in Russian. Greek,
/// Hebrew and other encodings of Cyrillic have rarer letters in these places.
bool is_windows_1251(std::string_view bytes) {
    constexpr auto commonest = "\xee\xe5\xe0\xe8\xed\xf2\xf1\xf0\xe2\xeb"sv;
    std::size_t latin = 0;
    std::size_t high = 0;
    std::size_t common = 0;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_between(byte | 0x20u, 'a', 'z')) ++latin;
        if (byte >= 0x80) ++high;
        if (commonest.find(c) != std::string_view::npos) ++common;
    }
    return high >= 2 * least && high > latin && common * 2 >= high;
}

}  // namespace

std::string_view guessed_charset(std::string_view bytes) {
    if (is_shift_jis(bytes)) return "cp932";
    if (is_gb18030(bytes)) return "gb18030";
    if (is_windows_1251(bytes)) return "windows-1251";
    return {};
}

}  // namespace bb::materials::extract
