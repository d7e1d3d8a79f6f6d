// The format of keys and signatures: https://jedisct1.github.io/minisign/, "Signature format", "Public key
// format", "Secret key format".
#include "operations/release/minisign.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "base/core/crypto.hpp"
#include "base/core/new_file.hpp"

namespace bb::release {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view untrusted = "untrusted comment: ";
constexpr std::string_view trusted_mark = "trusted comment: ";
constexpr std::size_t most_of_a_key_file = 4096;
constexpr std::size_t most_of_a_comment = 4096;
constexpr std::size_t hash_size = 64;

const unsigned char* raw(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

template <class Bytes>
std::string_view view(const Bytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string base64(std::string_view bytes) {
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), raw(bytes), bytes.size(), variant);
    text.pop_back();  // the final zero
    return text;
}

/// nullopt unless it is padded base64 of exactly `size` bytes.
std::optional<std::string> parse_base64(std::string_view text, std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t got = 0;
    const char* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &got, &end, sodium_base64_VARIANT_ORIGINAL) != 0)
        return std::nullopt;
    if (got != size || end != text.data() + text.size()) return std::nullopt;
    return bytes;
}

template <std::size_t Size>
std::array<unsigned char, Size> take(std::string_view bytes, std::size_t from) {
    std::array<unsigned char, Size> taken;
    std::memcpy(taken.data(), bytes.data() + from, Size);
    return taken;
}

/// Its lines without their ends; minisign writes two for a key, four for a signature.
std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    std::istringstream in{std::string(text)};
    for (std::string line; lines.size() < 8 && std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        lines.push_back(std::move(line));
    }
    return lines;
}

Result<std::string> second_line(const fs::path& file, std::string_view what) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return Error(ErrorCode::invalid_input, fmt::format("The {} {} cannot be read.", what, file.string()));
    std::string text(most_of_a_key_file, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    const auto lines = lines_of(text);
    if (lines.size() < 2 || lines[0].rfind(untrusted, 0) != 0)
        return Error(ErrorCode::invalid_input,
                     fmt::format("{} is no {}: it has two lines, the first begins with \"{}\".",
                                 file.string(), what, untrusted));
    return lines[1];
}

/// The second half of a secret is the public key, which follows from the first.
bool is_sound(const SigningKey& key) {
    std::array<unsigned char, 32> half;
    std::array<unsigned char, 64> secret;
    crypto_sign_seed_keypair(half.data(), secret.data(), key.secret.data());
    const bool same = secret == key.secret;
    sodium_memzero(secret.data(), secret.size());
    return same;
}

std::string hash_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
        throw std::runtime_error(fmt::format("{} cannot be read: {}", file.string(), std::strerror(errno)));
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, hash_size);
    std::string chunk(256 * 1024, '\0');
    while (in) {
        in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        crypto_generichash_update(&state, raw(chunk), static_cast<unsigned long long>(in.gcount()));
    }
    if (in.bad()) throw std::runtime_error(fmt::format("{} cannot be read to its end.", file.string()));
    std::string hash(hash_size, '\0');
    crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
    return hash;
}

std::string signed_by(const SigningKey& key, std::string_view text) {
    std::string signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, raw(text), text.size(),
                         key.secret.data());
    return signature;
}

bool is_signed_by(const TrustedKey& key, std::string_view text, std::string_view signature) {
    return crypto_sign_verify_detached(raw(signature), raw(text), text.size(), key.key.data()) == 0;
}

std::string secret_text(const SigningKey& key) {
    // "Ed", no password, "B2"; then what only a password needs, as minisign leaves it: 48 bytes, and a
    // checksum.
    std::string bytes("Ed\0\0B2", 6);
    bytes.append(32 + 8 + 8, '\0');
    bytes.append(view(key.id)).append(view(key.secret)).append(32, '\0');
    auto text = fmt::format("{}secret key {} that signs releases of BrainBytes\n{}\n", untrusted,
                            text_of(key.id), base64(bytes));
    sodium_memzero(bytes.data(), bytes.size());
    return text;
}

std::string public_text(const TrustedKey& key) {
    std::string bytes = "Ed";
    bytes.append(view(key.id)).append(view(key.key));
    return fmt::format("{}minisign public key {}\n{}\n", untrusted, text_of(key.id), base64(bytes));
}

/// What stands in the lines of a signature.
struct Parts {
    KeyId id;
    std::string signature, comment, comment_signature;
};

std::optional<Parts> parse(std::string_view text) {
    const auto lines = lines_of(text.substr(0, most_of_a_key_file + most_of_a_comment));
    if (lines.size() < 4 || lines[0].rfind(untrusted, 0) != 0 || lines[2].rfind(trusted_mark, 0) != 0)
        return std::nullopt;
    const auto head = parse_base64(lines[1], 2 + 8 + crypto_sign_BYTES);
    const auto tail = parse_base64(lines[3], crypto_sign_BYTES);
    if (!head || !tail || head->compare(0, 2, "ED") != 0) return std::nullopt;
    return Parts{take<8>(*head, 2), head->substr(10), lines[2].substr(trusted_mark.size()), *tail};
}

}  // namespace

std::string text_of(const KeyId& id) {
    auto turned = id;
    std::reverse(turned.begin(), turned.end());
    auto text = crypto::hex(view(turned));
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

TrustedKey make_release_key(const fs::path& folder) {
    SigningKey key;
    TrustedKey half;
    crypto_sign_keypair(half.key.data(), key.secret.data());
    crypto::random_fill(key.id.data(), key.id.size());
    half.id = key.id;
    fs::create_directories(folder);
    for (const char* name : {"release.key", "release.pub"})
        if (fs::exists(folder / name))
            throw std::runtime_error(
                fmt::format("{} is there already, and is left as it is: hosts trust the key they know.",
                            (folder / name).string()));
    NewFile secret(folder / "release.key", 0600);
    auto text = secret_text(key);
    secret.write(text);
    sodium_memzero(text.data(), text.size());
    sodium_memzero(key.secret.data(), key.secret.size());
    write_new_file(folder / "release.pub", public_text(half), 0644);
    secret.finish();
    return half;
}

Result<SigningKey> read_signing_key(const fs::path& file) {
    constexpr std::string_view what = "key that signs releases";
    auto line = second_line(file, what);
    if (!line) return line.error();
    const auto bytes = parse_base64(*line, 2 + 2 + 2 + 48 + 8 + 64 + 32);
    if (!bytes || bytes->compare(0, 2, "Ed") != 0)
        return Error(ErrorCode::invalid_input, fmt::format("{} is no {}.", file.string(), what));
    if (bytes->compare(2, 2, std::string_view("\0\0", 2)) != 0)
        return Error(
            ErrorCode::invalid_input,
            fmt::format("{} is locked with a password, which nobody can type in here: make one without "
                        "(\"brainbytes release keygen\").",
                        file.string()));
    SigningKey key{take<8>(*bytes, 54), take<64>(*bytes, 62)};
    if (!is_sound(key)) return Error(ErrorCode::invalid_input, fmt::format("{} is damaged.", file.string()));
    return key;
}

Result<TrustedKey> read_trusted_key(const fs::path& file) {
    constexpr std::string_view what = "public key of releases";
    auto line = second_line(file, what);
    if (!line) return line.error();
    const auto bytes = parse_base64(*line, 2 + 8 + 32);
    if (!bytes || bytes->compare(0, 2, "Ed") != 0)
        return Error(ErrorCode::invalid_input, fmt::format("{} is no {}.", file.string(), what));
    return TrustedKey{take<8>(*bytes, 2), take<32>(*bytes, 10)};
}

std::string sign(const fs::path& file, const SigningKey& key, std::string_view trusted_comment) {
    const auto signature = signed_by(key, hash_of(file));
    std::string head = "ED";
    head.append(view(key.id)).append(signature);
    const auto whole = signed_by(key, signature + std::string(trusted_comment));
    return fmt::format("{}signature from BrainBytes release key {}\n{}\n{}{}\n{}\n", untrusted,
                       text_of(key.id), base64(head), trusted_mark, trusted_comment, base64(whole));
}

Result<std::string> verify(const fs::path& file, std::string_view signature,
                           const std::vector<TrustedKey>& trusted) {
    return verify_hash(file.filename().string(), signed_hash(file), signature, trusted);
}

std::string signed_hash(const fs::path& file) {
    return crypto::hex(hash_of(file));
}

Result<std::string> verify_hash(const std::string& name, std::string_view hash, std::string_view signature,
                                const std::vector<TrustedKey>& trusted) {
    const auto parts = parse(signature);
    if (!parts)
        return Error(ErrorCode::forbidden,
                     fmt::format("The signature of {} is none as minisign writes it.", name));
    const auto key =
        std::find_if(trusted.begin(), trusted.end(), [&](const auto& one) { return one.id == parts->id; });
    if (key == trusted.end())
        return Error(ErrorCode::forbidden,
                     fmt::format("{} is signed with the key {}, which is not trusted here.", name,
                                 text_of(parts->id)));
    std::string bytes(hash_size, '\0');
    std::size_t got = 0;
    sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), hash.data(), hash.size(),
                   nullptr, &got, nullptr);
    if (got != hash_size || !is_signed_by(*key, bytes, parts->signature) ||
        !is_signed_by(*key, parts->signature + parts->comment, parts->comment_signature))
        return Error(ErrorCode::forbidden,
                     fmt::format("{} is not what was signed: it was changed or is cut off.", name));
    return parts->comment;
}

}  // namespace bb::release
