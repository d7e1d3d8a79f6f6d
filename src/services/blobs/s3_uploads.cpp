#include "services/blobs/s3_uploads.hpp"

#include <fmt/format.h>

#include <iterator>
#include <stdexcept>

namespace bb::blobs {
namespace {

constexpr int most_upload_pages = 1'000;  // each of a thousand uploads

}  // namespace

std::vector<client::S3Upload> unfinished_uploads(S3Session& session, const std::string& prefix,
                                                 const std::function<void()>& watch) {
    std::vector<client::S3Upload> found;
    std::optional<client::S3Upload> behind;
    for (int number = 0; number < most_upload_pages; ++number) {
        auto page = session.ask(session.client().uploads(prefix, behind), watch);
        if (!page && page.error().code == ErrorCode::method_not_allowed) return found;
        if (!page) S3Session::fail(page.error());
        std::move(page->uploads.begin(), page->uploads.end(), std::back_inserter(found));
        if (!page->next) return found;
        behind = std::move(page->next);
    }
    throw std::runtime_error(
        fmt::format("{}: the listing of unfinished uploads does not end.", session.client().name_of(prefix)));
}

}  // namespace bb::blobs
