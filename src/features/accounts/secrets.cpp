#include "features/accounts/secrets.hpp"

#include <algorithm>
#include <charconv>

namespace bb::accounts {
namespace {

constexpr std::size_t token_length = 43;  // 32 bytes in unpadded base64url
constexpr std::size_t code_length = 6;

bool is_token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

crypto::Digest code_hash(std::string_view secret, std::string_view address, std::string_view code) {
    std::string data = "sign-in code\n";
    data.append(address).append("\n").append(code);
    return crypto::hmac_sha256(secret, data);
}

std::optional<crypto::Digest> token_hash(std::string_view token) {
    if (token.size() != token_length) return std::nullopt;
    if (!std::all_of(token.begin(), token.end(), is_token_character)) return std::nullopt;
    return crypto::sha256(token);
}

std::optional<crypto::Digest> parse_digest(std::string_view hex) {
    crypto::Digest digest{};
    if (hex.size() != digest.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const char* end = hex.data() + 2 * i + 2;
        const auto read = std::from_chars(end - 2, end, digest[i], 16);
        if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    }
    return digest;
}

std::optional<std::string> parse_code(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (c == ' ' || c == '-') continue;
        if (c < '0' || c > '9') return std::nullopt;
        digits += c;
    }
    if (digits.size() != code_length) return std::nullopt;
    return digits;
}

}  // namespace bb::accounts
