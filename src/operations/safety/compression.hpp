#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/http/file_body.hpp"

struct ZSTD_CCtx_s;

namespace bb::safety {

/// Compresses bytes as they come (Zstandard, RFC 8878) and hands the result to `write`.
class Compressor {
public:
    using Write = std::function<void(std::string_view)>;

    /// `workers`: threads besides the caller's. Throws std::runtime_error.
    Compressor(int workers, Write write);
    ~Compressor();
    Compressor(const Compressor&) = delete;

    void add(std::string_view bytes);
    void finish();

private:
    void run(std::string_view bytes, bool last);

    Write write_;
    ZSTD_CCtx_s* context_;
    std::string out_;
};

/// The bytes that were compressed to those of `source`. Reading throws std::runtime_error when they were not
/// or are cut off.
std::shared_ptr<http::FileSource> decompressed(std::shared_ptr<http::FileSource> source);

}  // namespace bb::safety
