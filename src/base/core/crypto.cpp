#include "base/core/crypto.hpp"

#include <pthread.h>
#include <sodium.h>

#include <atomic>
#include <cstring>
#include <stdexcept>

#include "base/core/hasher.hpp"

namespace bb::crypto {
namespace {

/// How often this process has been forked off: a child must not hand out its parent's random bytes again.
std::atomic<unsigned> forks{0};

}  // namespace

void initialize() {
    if (sodium_init() < 0) throw std::runtime_error("libsodium could not be started");
    static const int registered = pthread_atfork(nullptr, nullptr, []() { forks.fetch_add(1); });
    if (registered != 0) throw std::runtime_error("a fork could not be watched for");
}

Digest sha256(std::string_view data) {
    // Of little, starting OpenSSL's costs more than it saves.
    constexpr std::size_t little = 128;
    if (data.size() > little) {
        Hasher hasher;
        hasher.add(data);
        return hasher.finish();
    }
    Digest digest;
    crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(data.data()), data.size());
    return digest;
}

Digest sha256(const std::function<std::string_view()>& next) {
    Hasher hasher;
    for (auto piece = next(); !piece.empty(); piece = next()) hasher.add(piece);
    return hasher.finish();
}

void random_fill(void* out, std::size_t bytes) {
    constexpr std::size_t stock = 1024;
    struct Reserve {
        std::array<unsigned char, stock> bytes;
        std::size_t used = stock;
        unsigned forks = 0;
    };
    thread_local Reserve reserve;
    if (bytes > stock / 4) return randombytes_buf(out, bytes);
    const unsigned forked = forks.load(std::memory_order_relaxed);
    if (reserve.used + bytes > stock || reserve.forks != forked) {
        randombytes_buf(reserve.bytes.data(), stock);
        reserve.used = 0;
        reserve.forks = forked;
    }
    std::memcpy(out, reserve.bytes.data() + reserve.used, bytes);
    sodium_memzero(reserve.bytes.data() + reserve.used, bytes);
    reserve.used += bytes;
}

std::string random_bytes(std::size_t bytes) {
    std::string out(bytes, '\0');
    randombytes_buf(out.data(), out.size());
    return out;
}

std::string random_token(std::size_t bytes) {
    const std::string raw = random_bytes(bytes);
    constexpr int form = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string out(sodium_base64_encoded_len(raw.size(), form), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(raw.data()), raw.size(),
                      form);
    out.pop_back();  // the terminating zero
    return out;
}

std::string random_digits(int digits) {
    std::string out;
    for (int i = 0; i < digits; ++i) out += static_cast<char>('0' + randombytes_uniform(10));
    return out;
}

std::string hex(std::string_view bytes) {
    std::string out(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                   bytes.size());
    out.pop_back();  // the terminating zero
    return out;
}

std::string hex(const Digest& digest) {
    return hex(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::optional<Digest> parse_digest(std::string_view hex) {
    Digest digest{};
    if (hex.size() != digest.size() * 2) return std::nullopt;
    const auto nibble = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = nibble(hex[2 * i]);
        const int low = nibble(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        digest[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return digest;
}

std::string base64(std::string_view bytes) {
    constexpr int form = sodium_base64_VARIANT_ORIGINAL;
    std::string out(sodium_base64_encoded_len(bytes.size(), form), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      bytes.size(), form);
    out.pop_back();  // the terminating zero
    return out;
}

std::string base64(const Digest& digest) {
    return base64(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string out(text.size(), '\0');
    std::size_t length = 0;
    const int failed =
        sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(), text.size(),
                          nullptr, &length, nullptr, sodium_base64_VARIANT_ORIGINAL);
    if (failed != 0) return std::nullopt;
    out.resize(length);
    return out;
}

Digest hmac_sha256(std::string_view key, std::string_view data) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key.data()), key.size());
    crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(data.data()), data.size());
    Digest digest;
    crypto_auth_hmacsha256_final(&state, digest.data());
    return digest;
}

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace bb::crypto
