#include "base/core/uuid.hpp"

#include <algorithm>
#include <array>
#include <atomic>
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

/// Milliseconds since 1970 in the upper 48 bits, the fraction of one in the lower 12; never the same twice,
/// and never less than before (RFC 9562 section 6.2, method 3), unless the clock went back by more than a
/// second.
std::uint64_t next_stamp() {
    static std::atomic<std::uint64_t> last = 0;
    constexpr std::uint64_t second = 1000 << 12;
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const auto us =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
    const auto now = us / 1000 << 12 | (us % 1000 << 12) / 1000;
    auto before = last.load(std::memory_order_relaxed);
    std::uint64_t stamp = 0;
    do {
        stamp = before > now + second ? now : std::max(now, before + 1);
    } while (!last.compare_exchange_weak(before, stamp, std::memory_order_relaxed));
    return stamp;
}

}  // namespace

Uuid Uuid::make() {
    Uuid uuid;
    crypto::random_fill(uuid.bytes.data(), uuid.bytes.size());
    const auto stamp = next_stamp();
    auto ms = stamp >> 12;
    for (int i = 5; i >= 0; --i, ms >>= 8)
        uuid.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms);
    uuid.bytes[6] = static_cast<std::uint8_t>(0x70 | (stamp >> 8 & 0x0f));
    uuid.bytes[7] = static_cast<std::uint8_t>(stamp);
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
