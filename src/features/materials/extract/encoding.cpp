#include "features/materials/extract/encoding.hpp"

#include <iconv.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/core/utf8.hpp"
#include "features/materials/extract/charset_guess.hpp"
#include "features/materials/extract/readers.hpp"

namespace bb::materials::extract {
namespace {

using namespace std::string_view_literals;

// Bytes 0x80 to 0x9f of Windows-1252; the five that are not assigned are seen as the controls of Latin-1.
constexpr char32_t windows_1252[32] = {0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                       0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
                                       0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                       0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

std::string from_windows_1252(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 8);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        utf8::append(out, byte >= 0x80 && byte < 0xa0 ? windows_1252[byte - 0x80] : byte);
    }
    return out;
}

std::string from_utf16(std::string_view bytes, bool big) {
    const auto unit = [&](std::size_t i) {
        const auto first = static_cast<unsigned char>(bytes[i]);
        const auto second = static_cast<unsigned char>(bytes[i + 1]);
        return static_cast<char32_t>(big ? first << 8 | second : second << 8 | first);
    };
    std::string out;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const char32_t code = unit(i);
        if (code < 0xd800 || code >= 0xe000) {
            utf8::append(out, code);
        } else if (code < 0xdc00 && i + 3 < bytes.size() && (unit(i + 2) & 0xfc00u) == 0xdc00u) {
            i += 2;
            utf8::append(out, 0x10000 + ((code & 0x3ffu) << 10) + (unit(i) & 0x3ffu));
        } else {
            utf8::append(out, U'\ufffd');
        }
    }
    return out;
}

std::string from_utf32(std::string_view bytes, bool big) {
    std::string out;
    for (std::size_t i = 0; i + 3 < bytes.size(); i += 4) {
        char32_t code = 0;
        for (std::size_t k = 0; k < 4; ++k)
            code = code << 8 | static_cast<unsigned char>(bytes[i + (big ? k : 3 - k)]);
        const bool is_character = code < 0xd800 || (code >= 0xe000 && code < 0x110000);
        utf8::append(out, is_character ? code : U'\ufffd');
    }
    return out;
}

enum class Order { none, little, big };

/// The order of bytes in UTF-16 without a mark: in what is mostly Latin every second byte is NUL.
Order looks_like_utf16(std::string_view bytes) {
    if (bytes.size() < 2 || bytes.size() % 2 != 0) return Order::none;
    const auto sample = bytes.substr(0, 4096);
    std::size_t nuls[2] = {0, 0};
    for (std::size_t i = 0; i < sample.size(); ++i)
        if (sample[i] == '\0') ++nuls[i % 2];
    const std::size_t half = sample.size() / 2;
    if (nuls[1] * 10 > half * 4 && nuls[0] * 20 < half) return Order::little;
    if (nuls[0] * 10 > half * 4 && nuls[1] * 20 < half) return Order::big;
    return Order::none;
}

Read<std::string> only_text(std::string text) {
    if (text.find('\0') != std::string::npos) return mismatch("The file is not a text file.");
    return text;
}

/// Of bytes that are no UTF-8, those of a picture or a program have many controls.
bool is_binary(std::string_view bytes) {
    const auto controls = std::count_if(bytes.begin(), bytes.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f';
    });
    return static_cast<std::size_t>(controls) * 50 > bytes.size();
}

/// Nothing where iconv(3) does not know the charset.
std::optional<std::string> converted(std::string_view charset, std::string_view bytes) {
    const iconv_t how = iconv_open("UTF-8", std::string(charset).c_str());
    if (how == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
    std::string out;
    std::string in(bytes);
    char* from = in.data();
    std::size_t left = in.size();
    while (left > 0) {
        char room[4096];
        char* to = room;
        std::size_t free = sizeof room;
        const auto done = iconv(how, &from, &left, &to, &free);
        out.append(room, sizeof room - free);
        if (done != static_cast<std::size_t>(-1) || free < sizeof room) continue;
        out += "\xef\xbf\xbd";
        ++from;
        --left;
    }
    iconv_close(how);
    return out;
}

/// Text whose encoding nothing names.
std::string from_unnamed(std::string_view bytes) {
    const auto charset = guessed_charset(bytes);
    auto text = charset.empty() ? std::nullopt : converted(charset, bytes);
    return text ? std::move(*text) : from_windows_1252(bytes);
}

constexpr std::string_view utf8_mark = "\xef\xbb\xbf"sv;
constexpr std::string_view utf16_little = "\xff\xfe"sv, utf16_big = "\xfe\xff"sv;
constexpr std::string_view utf32_little = "\xff\xfe\0\0"sv, utf32_big = "\0\0\xfe\xff"sv;

/// The text behind a mark of its encoding, where there is one.
std::optional<std::string> from_marked(std::string_view bytes) {
    if (bytes.starts_with(utf8_mark)) return utf8::repaired(bytes.substr(utf8_mark.size()));
    // Before UTF-16, whose mark it begins with: no text begins with NUL.
    if (bytes.starts_with(utf32_little)) return from_utf32(bytes.substr(utf32_little.size()), false);
    if (bytes.starts_with(utf32_big)) return from_utf32(bytes.substr(utf32_big.size()), true);
    if (bytes.starts_with(utf16_little)) return from_utf16(bytes.substr(utf16_little.size()), false);
    if (bytes.starts_with(utf16_big)) return from_utf16(bytes.substr(utf16_big.size()), true);
    return std::nullopt;
}

}  // namespace

Read<std::string> decoded(std::string_view bytes) {
    if (auto text = from_marked(bytes)) return only_text(std::move(*text));
    const Order order = looks_like_utf16(bytes);
    if (order != Order::none) return only_text(from_utf16(bytes, order == Order::big));
    if (utf8::valid(bytes)) return only_text(std::string(bytes));
    if (is_binary(bytes)) return mismatch("The file is not a text file.");
    return only_text(from_unnamed(bytes));
}

Read<std::string> decoded_as(std::string_view charset, std::string_view bytes) {
    if (auto text = from_marked(bytes)) return only_text(std::move(*text));
    std::string name;
    for (const char c : charset.substr(0, 40)) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') return decoded(bytes);
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    if (name.empty() || name.starts_with("utf")) return decoded(bytes);
    if (name == "iso-8859-1" || name == "windows-1252" || name == "latin1" || name == "us-ascii")
        return utf8::valid(bytes) ? decoded(bytes) : only_text(from_windows_1252(bytes));
    auto text = converted(name, bytes);
    return text ? only_text(std::move(*text)) : decoded(bytes);
}

void prepare_encodings() {
    // Left open: what is loaded stays as long as it is used.
    for (const char* name :
         {"windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1256", "iso-8859-2",
          "iso-8859-15",  "koi8-r",       "shift_jis",    "euc-jp",       "gb2312",       "gbk",
          "gb18030",      "big5",         "euc-kr",       "tis-620",      "koi8-u",       "iso-2022-jp",
          "iso-2022-kr",  "windows-1257", "windows-1258", "cp932"})
        (void)iconv_open("UTF-8", name);
}

std::string one_line(std::string_view text) {
    std::string line;
    bool gap = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const bool unbroken = c == 0xc2 && i + 1 < text.size() && text[i + 1] == '\xa0';
        if (c <= 0x20 || c == 0x7f || unbroken) {
            gap = gap || (c != 0x7f);
            if (unbroken) ++i;
            continue;
        }
        if (gap && !line.empty()) line += ' ';
        gap = false;
        line += text[i];
    }
    return line;
}

}  // namespace bb::materials::extract
