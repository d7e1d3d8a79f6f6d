#include "base/core/hasher.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace bb::crypto {

void Hasher::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 could not be started");
}

void Hasher::add(std::string_view bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
        throw std::runtime_error("SHA-256 failed");
}

Digest Hasher::finish() {
    Digest digest;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1)
        throw std::runtime_error("SHA-256 failed");
    return digest;
}

}  // namespace bb::crypto
