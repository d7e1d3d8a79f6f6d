#pragma once
#include <memory>
#include <string_view>

#include "base/core/crypto.hpp"

struct evp_md_ctx_st;

namespace bb::crypto {

/// SHA-256 (FIPS 180-4) of bytes as they come; with the processor's own instructions where it has them.
class Hasher {
public:
    Hasher();
    void add(std::string_view bytes);
    /// Of all that was added; nothing can be added after it.
    Digest finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace bb::crypto
