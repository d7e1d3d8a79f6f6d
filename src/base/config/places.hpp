#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"

namespace bb::config {

/// Where backups are kept: a folder, or a part of an S3 bucket.
struct Place {
    std::string folder;  ///< empty: it is a bucket
    std::string bucket;
    std::string prefix;  ///< in front of keys, without a slash at its ends; may be empty
    /// Days, weeks and months of which a backup stays; 0 days: nothing was said.
    int daily = 0, weekly = 0, monthly = 0;
};

/// Reads places separated by commas: "/mnt/backups" or "s3://BUCKET/PREFIX", each with "?keep=7/4/12" behind
/// it if it keeps other numbers than the usual of days, weeks and months. Errors: invalid_input, with what it
/// must be like.
Result<std::vector<Place>> parse_places(std::string_view text);

/// Reads "BUCKET" or "BUCKET/PREFIX", also with "s3://" in front. Errors: as above.
Result<Place> parse_bucket(std::string_view text);

}  // namespace bb::config
