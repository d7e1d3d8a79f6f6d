#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/client/s3.hpp"
#include "base/config/config.hpp"
#include "services/blobs/stores.hpp"

namespace bb::app {

/// How a bucket is reached. Throws std::runtime_error with a sentence when there is no key; `what` is kept
/// there, as "Backups".
client::S3Options bucket_of(const config::Config& config, const std::string& bucket, std::string_view what);

/// Where uploaded files are: in S3_BUCKET, else in the data folder; and where some may be from before, in
/// S3_BUCKET_BEFORE and the data folder. Throws std::runtime_error with a sentence when there is no key.
std::shared_ptr<const blobs::Stores> stores_of(const config::Config& config,
                                               const std::filesystem::path& data);

}  // namespace bb::app
