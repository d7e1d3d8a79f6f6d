#include "base/core/uuid.hpp"

#include <array>
#include <chrono>
#include <cstring>

#include "base/core/crypto.hpp"

namespace bb {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// "00" to "ff", one after the other.
constexpr auto hex_pairs = [] {
    constexpr char digits[] = "0123456789abcdef";
    std::array<char, 512> table{};
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = digits[i % 2 == 0 ? i / 32 : i / 2 % 16];
    return table;
}();

bool dash_follows(std::size_t byte) {
    return byte == 3 || byte == 5 || byte == 7 || byte == 9;
}

}  // namespace

Uuid Uuid::make() {
    Uuid uuid;
    crypto::random_fill(uuid.bytes.data(), uuid.bytes.size());
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    auto ms =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
    for (int i = 5; i >= 0; --i, ms >>= 8)
        uuid.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms);
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | 0x70);
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    Uuid uuid;
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        const int high = hex_value(text[at]);
        const int low = hex_value(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        uuid.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
        at += 2;
        if (dash_follows(i) && text[at++] != '-') return std::nullopt;
    }
    return uuid;
}

void Uuid::append_to(std::string& out) const {
    char text[36];
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i, at += 2) {
        std::memcpy(text + at, hex_pairs.data() + 2 * bytes[i], 2);
        if (dash_follows(i)) text[at++ + 2] = '-';
    }
    out.append(text, sizeof text);
}

std::string Uuid::text() const {
    std::string out;
    append_to(out);
    return out;
}

}  // namespace bb
