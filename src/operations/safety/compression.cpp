#include "operations/safety/compression.hpp"

#include <zstd.h>

#include <stdexcept>
#include <utility>

namespace bb::safety {
namespace {

constexpr int job_size = 2 << 20;  // bytes

std::size_t checked(std::size_t result) {
    if (ZSTD_isError(result)) throw std::runtime_error(ZSTD_getErrorName(result));
    return result;
}

class Decompressed : public http::FileSource {
public:
    explicit Decompressed(std::shared_ptr<http::FileSource> source)
        : source_(std::move(source)), context_(ZSTD_createDCtx()), in_(ZSTD_DStreamInSize(), '\0') {
        if (!context_) throw std::bad_alloc();
    }
    ~Decompressed() override { ZSTD_freeDCtx(context_); }
    Decompressed(const Decompressed&) = delete;

    std::size_t read(char* into, std::size_t room) override {
        ZSTD_outBuffer out{into, room, 0};
        while (out.pos == 0) {
            if (at_ == filled_) {
                filled_ = source_->read(in_.data(), in_.size());
                at_ = 0;
                if (filled_ == 0 && wanted_ != 0) throw std::runtime_error("compressed data is cut off");
                if (filled_ == 0) return 0;
            }
            ZSTD_inBuffer in{in_.data(), filled_, at_};
            wanted_ = checked(ZSTD_decompressStream(context_, &out, &in));
            at_ = in.pos;
        }
        return out.pos;
    }

private:
    std::shared_ptr<http::FileSource> source_;
    ZSTD_DCtx* context_;
    std::string in_;
    std::size_t filled_ = 0;
    std::size_t at_ = 0;
    std::size_t wanted_ = 1;  // 0: a frame has ended
};

}  // namespace

Compressor::Compressor(int workers, Write write)
    : write_(std::move(write)), context_(ZSTD_createCCtx()), out_(ZSTD_CStreamOutSize(), '\0') {
    if (!context_) throw std::bad_alloc();
    checked(ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1));
    // A library without threads refuses them, and does the same work in ours.
    (void)ZSTD_CCtx_setParameter(context_, ZSTD_c_nbWorkers, workers);
    // By itself it takes 8 MiB for each, and holds several jobs for each worker.
    (void)ZSTD_CCtx_setParameter(context_, ZSTD_c_jobSize, job_size);
}

Compressor::~Compressor() {
    ZSTD_freeCCtx(context_);
}

void Compressor::add(std::string_view bytes) {
    run(bytes, false);
}

void Compressor::finish() {
    run({}, true);
}

void Compressor::run(std::string_view bytes, bool last) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (bool more = true; more;) {
        ZSTD_outBuffer out{out_.data(), out_.size(), 0};
        const auto left =
            checked(ZSTD_compressStream2(context_, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue));
        if (out.pos > 0) write_(std::string_view(out_).substr(0, out.pos));
        more = last ? left != 0 : in.pos < in.size;
    }
}

std::shared_ptr<http::FileSource> decompressed(std::shared_ptr<http::FileSource> source) {
    return std::make_shared<Decompressed>(std::move(source));
}

}  // namespace bb::safety
