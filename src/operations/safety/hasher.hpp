#pragma once
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace bb::safety {

/// SHA-256 (FIPS 180-4) of bytes as they come; with the processor's own instructions where it has them.
class Hasher {
public:
    Hasher();
    void add(std::string_view bytes);
    /// In hexadecimal.
    std::string finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace bb::safety
