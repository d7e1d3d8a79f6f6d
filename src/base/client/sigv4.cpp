#include "base/client/sigv4.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "base/core/crypto.hpp"

namespace bb::client::sigv4 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t date_digits = 8;

std::string mac(std::string_view key, std::string_view text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size))
        throw std::runtime_error("a request could not be signed");
    return {reinterpret_cast<const char*>(out), size};
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

/// Without space at the ends, and one where there were several.
std::string trimmed(std::string_view text) {
    std::string out;
    bool space = false;
    for (const char c : text) {
        if (c == ' ' || c == '\t') {
            space = !out.empty();
            continue;
        }
        if (space) out += ' ';
        space = false;
        out += c;
    }
    return out;
}

/// By name in lower case; values of one name stand in the order in which they are sent.
std::map<std::string, std::string> canonical_headers(const Fields& headers) {
    std::map<std::string, std::string> sorted;
    for (const auto& [name, value] : headers) {
        const auto [at, fresh] = sorted.try_emplace(lower(name), trimmed(value));
        if (!fresh) at->second.append(",").append(trimmed(value));
    }
    return sorted;
}

std::string names_of(const std::map<std::string, std::string>& headers) {
    std::string names;
    for (const auto& [name, value] : headers) names.append(names.empty() ? "" : ";").append(name);
    return names;
}

std::string scope_text(const Scope& scope) {
    return fmt::format("{}/{}/{}/aws4_request", amz_date(scope.at).substr(0, date_digits), scope.region,
                       scope.service);
}

bool is_plain(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

std::string encode_but(std::string_view text, char kept) {
    std::string out;
    for (const char c : text) {
        if (is_plain(c) || (kept != '\0' && c == kept))
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace

std::string hash(std::string_view text) {
    // Not crypto::sha256: OpenSSL uses the processor's own instructions, and whole parts of uploads pass
    // here.
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), out, &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 could not be computed");
    return crypto::hex(std::string_view(reinterpret_cast<const char*>(out), size));
}

std::string encode(std::string_view text) {
    return encode_but(text, '\0');
}

std::string encode_path(std::string_view path) {
    return encode_but(path, '/');
}

std::string encode_query(const Fields& query) {
    Fields encoded;
    for (const auto& [name, value] : query) encoded.emplace_back(encode(name), encode(value));
    std::sort(encoded.begin(), encoded.end());
    std::string text;
    for (const auto& [name, value] : encoded)
        text.append(text.empty() ? "" : "&").append(name).append("=").append(value);
    return text;
}

std::string amz_date(Time at) {
    std::string text = to_rfc3339(at).substr(0, 19);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text + "Z";
}

std::string canonical_request(const Request& request) {
    const auto headers = canonical_headers(request.headers);
    std::string lines;
    for (const auto& [name, value] : headers) lines.append(name).append(":").append(value).append("\n");
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path, encode_query(request.query),
                       lines, names_of(headers), request.payload_hash);
}

std::string string_to_sign(const Request& request, const Scope& scope) {
    return fmt::format("{}\n{}\n{}\n{}", algorithm, amz_date(scope.at), scope_text(scope),
                       hash(canonical_request(request)));
}

std::string authorization(const Request& request, const Scope& scope, const Credentials& who) {
    const auto day = mac("AWS4" + who.secret, amz_date(scope.at).substr(0, date_digits));
    const auto key = mac(mac(mac(day, scope.region), scope.service), "aws4_request");
    return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm, who.key_id,
                       scope_text(scope), names_of(canonical_headers(request.headers)),
                       crypto::hex(mac(key, string_to_sign(request, scope))));
}

}  // namespace bb::client::sigv4
