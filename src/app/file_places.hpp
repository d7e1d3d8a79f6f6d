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

/// How long a bucket is asked: somebody waits for a file, or all of them are read, as for a backup.
enum class Wanted { soon, surely };

/// Where uploaded files are: in S3_BUCKET, else in the data folder; and where some may be from before, in
/// S3_BUCKET_BEFORE and the data folder. Throws std::runtime_error with a sentence when there is no key.
std::shared_ptr<const blobs::Stores> stores_of(const config::Config& config,
                                               const std::filesystem::path& data,
                                               Wanted wanted = Wanted::soon);

/// Makes `shared` the folder of uploaded files of `data`, by a link: several servers have a data folder each,
/// and the files together. Throws std::runtime_error when files of its own are there.
void share_files(const std::filesystem::path& data, const std::filesystem::path& shared);

}  // namespace bb::app
