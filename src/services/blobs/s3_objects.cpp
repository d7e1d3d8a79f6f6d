#include "services/blobs/s3_objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/core/log.hpp"

namespace bb::blobs {
namespace {

constexpr std::size_t object_piece = 8u << 20;
constexpr std::size_t most_parts = 10'000;
// After so many parts they are made half as large again.
constexpr std::size_t small_parts = 4'000;

class S3Source : public http::FileSource {
public:
    S3Source(std::shared_ptr<S3Session> session, client::S3Object object, std::function<void()> watch)
        : session_(std::move(session)), object_(std::move(object)), watch_(std::move(watch)) {}

    std::size_t read(char* into, std::size_t room) override {
        if (taken_ == piece_.size()) {
            const auto left = object_.bytes - asked_;
            if (left == 0) return 0;
            client::S3Range range{asked_, std::min<std::uint64_t>(left, object_piece), object_.etag};
            asked_ += range.count;
            piece_.clear();
            piece_ = session_->must(session_->client().get_range(object_.key, std::move(range)), watch_);
            taken_ = 0;
        }
        const auto n = piece_.copy(into, room, taken_);
        taken_ += n;
        return n;
    }

private:
    std::shared_ptr<S3Session> session_;
    const client::S3Object object_;
    std::function<void()> watch_;
    std::uint64_t asked_ = 0;
    std::string piece_;
    std::size_t taken_ = 0;
};

}  // namespace

S3Writer::S3Writer(std::shared_ptr<S3Session> session, std::string key, std::function<void()> watch)
    : session_(std::move(session)),
      upload_{std::move(key), {}},
      watch_(std::move(watch)),
      buffer_(std::make_shared<std::string>()),
      part_size_(object_piece) {}

S3Writer::~S3Writer() {
    if (upload_.id.empty()) return;
    try {
        session_->must(session_->client().abort_upload(upload_), watch_);
    } catch (const std::exception& fault) {
        // The next backup there aborts it, or the next sweep.
        log::warn("an upload is left unfinished", {{"reason", fault.what()}});
    }
}

void S3Writer::write(std::string_view bytes) {
    while (!bytes.empty()) {
        if (buffer_->size() == part_size_) send_part();
        if (buffer_->capacity() < part_size_) buffer_->reserve(part_size_);
        const auto taken = std::min(bytes.size(), part_size_ - buffer_->size());
        buffer_->append(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
        bytes_ += taken;
    }
}

void S3Writer::send_part() {
    auto& client = session_->client();
    if (upload_.id.empty()) upload_.id = session_->must(client.begin_upload(upload_.key), watch_);
    if (parts_.size() == most_parts)
        throw std::runtime_error(
            fmt::format("{}: it is larger than can be stored as one object. Keep backups "
                        "of this size in a folder.",
                        client.name_of(upload_.key)));
    const int number = static_cast<int>(parts_.size()) + 1;
    parts_.push_back(session_->must(client.put_part(upload_, number, buffer_), watch_));
    buffer_->clear();
    if (parts_.size() == small_parts) part_size_ += object_piece / 2;
}

void S3Writer::finish() {
    auto& client = session_->client();
    if (upload_.id.empty()) {
        session_->must(client.put(upload_.key, buffer_), watch_);
        return;
    }
    if (!buffer_->empty()) send_part();
    complete();
    upload_.id.clear();
}

void S3Writer::complete() {
    auto& client = session_->client();
    const auto done = session_->ask(client.complete_upload(upload_, parts_), watch_);
    if (done) return;
    // The answer may have been lost, and the upload with it: then the object is there.
    if (done.error().code == ErrorCode::not_found) {
        const auto object = session_->ask(client.head(upload_.key), watch_);
        if (object && object->bytes == bytes_) return;
    }
    S3Session::fail(done.error());
}

http::FileBody read_s3_object(std::shared_ptr<S3Session> session, std::string key,
                              std::function<void()> watch) {
    auto object = session->must(session->client().head(std::move(key)), watch);
    return read_s3_object(std::move(session), std::move(object), std::move(watch));
}

http::FileBody read_s3_object(std::shared_ptr<S3Session> session, client::S3Object object,
                              std::function<void()> watch) {
    http::FileBody body;
    body.size = object.bytes;
    body.source = std::make_shared<S3Source>(std::move(session), std::move(object), std::move(watch));
    return body;
}

}  // namespace bb::blobs
