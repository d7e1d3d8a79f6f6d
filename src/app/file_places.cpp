#include "app/file_places.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "base/config/places.hpp"
#include "services/blobs/bucket_store.hpp"
#include "services/blobs/disk_store.hpp"

namespace bb::app {
namespace {

namespace fs = std::filesystem;

// Somebody waits for a file: fewer tries than a backup has.
constexpr int attempts_for_a_file = 4;
constexpr std::chrono::seconds silence_for_a_file{10};

std::shared_ptr<blobs::Store> bucket_store(const config::Config& config, const std::string& option,
                                           const fs::path& data, Wanted wanted) {
    const auto place = config::parse_bucket(config.text(option));
    if (!place) throw std::runtime_error(option + " " + place.error().detail);
    blobs::BucketPlace where;
    where.bucket = bucket_of(config, place->bucket, "Uploaded files");
    if (wanted == Wanted::soon) {
        where.bucket.attempts = attempts_for_a_file;
        where.bucket.silence = silence_for_a_file;
    }
    where.prefix = place->prefix;
    where.ca_file = config.text("SSL_CERT_FILE");
    where.spool = data;
    return std::make_shared<blobs::BucketStore>(std::move(where));
}

}  // namespace

client::S3Options bucket_of(const config::Config& config, const std::string& bucket, std::string_view what) {
    using Addressing = client::S3Options::Addressing;
    client::S3Options options;
    options.bucket = bucket;
    options.endpoint = config.text("S3_ENDPOINT");
    options.region = config.is_set("S3_REGION") ? config.text("S3_REGION") : "us-east-1";
    const auto& addressing = config.text("S3_ADDRESSING");
    if (addressing != "automatic")
        options.addressing = addressing == "path" ? Addressing::path : Addressing::virtual_host;
    options.credentials = {config.text("S3_ACCESS_KEY_ID"), config.text("S3_SECRET_ACCESS_KEY"),
                           config.text("S3_SESSION_TOKEN")};
    if (options.credentials.key_id.empty() || options.credentials.secret.empty())
        throw std::runtime_error(fmt::format(
            "{} in s3://{} need a key: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.", what, bucket));
    return options;
}

std::shared_ptr<const blobs::Stores> stores_of(const config::Config& config, const fs::path& data,
                                               Wanted wanted) {
    const auto folder = fs::absolute(data).lexically_normal() / "files";
    std::vector<std::shared_ptr<blobs::Store>> all;
    if (config.is_set("S3_BUCKET")) all.push_back(bucket_store(config, "S3_BUCKET", data, wanted));
    // Without any file there the folder is not made.
    if (all.empty() || fs::exists(folder)) all.push_back(std::make_shared<blobs::DiskStore>(folder));
    if (config.is_set("S3_BUCKET_BEFORE"))
        all.push_back(bucket_store(config, "S3_BUCKET_BEFORE", data, wanted));
    return std::make_shared<const blobs::Stores>(std::move(all));
}

void share_files(const fs::path& data, const fs::path& shared) {
    const auto target = fs::absolute(shared).lexically_normal();
    const auto link = data / "files";
    if (!fs::is_symlink(link) && fs::exists(link) && !fs::is_empty(link))
        throw std::runtime_error(
            fmt::format("{} holds files: move them into {} first, and nothing was changed.", link.string(),
                        target.string()));
    fs::create_directories(target);
    fs::remove(link);
    fs::create_directory_symlink(target, link);
}

}  // namespace bb::app
