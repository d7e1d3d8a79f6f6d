#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/http/file_body.hpp"
#include "services/blobs/objects.hpp"
#include "services/blobs/s3_session.hpp"

namespace bb::blobs {

/// An object of any size on its way into a bucket: in one piece when it is small, else as an upload in parts
/// that is complete with finish() alone. Holds one part in memory, of 8 MiB at first and 12 MiB at last, so
/// that the 10,000 parts of S3 reach to 109 GB.
class S3Writer : public ObjectWriter {
public:
    S3Writer(std::shared_ptr<S3Session> session, std::string key, std::function<void()> watch);
    /// Aborts what was not finished, as far as the service lets it.
    ~S3Writer() override;
    S3Writer(const S3Writer&) = delete;

    void write(std::string_view bytes) override;
    void finish() override;

private:
    void send_part();
    void complete();

    std::shared_ptr<S3Session> session_;
    client::S3Upload upload_;  // without an id: none was begun
    std::function<void()> watch_;
    std::shared_ptr<std::string> buffer_;  // of the next part; the same memory for each
    std::size_t part_size_;
    std::uint64_t bytes_ = 0;
    std::vector<client::S3Part> parts_;
};

/// An object as it is now, in pieces of 8 MiB; each is asked for as often as it takes. Throws Absent when
/// there is none.
http::FileBody read_s3_object(std::shared_ptr<S3Session> session, std::string key,
                              std::function<void()> watch);
/// The same of an object that was listed: with the bytes and the ETag that it had.
http::FileBody read_s3_object(std::shared_ptr<S3Session> session, client::S3Object object,
                              std::function<void()> watch);

}  // namespace bb::blobs
