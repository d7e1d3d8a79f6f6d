#pragma once
#include <functional>
#include <string>
#include <vector>

#include "services/blobs/s3_session.hpp"

namespace bb::blobs {

/// Uploads in parts of keys that begin with `prefix` and that nobody has completed, with their ages; none
/// where the service cannot tell: it has its own rules for them. Throws as S3Session::must(), and
/// std::runtime_error where the listing does not end.
std::vector<client::S3Upload> unfinished_uploads(S3Session& session, const std::string& prefix,
                                                 const std::function<void()>& watch);

}  // namespace bb::blobs
