#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

#include "app/file_places.hpp"
#include "cli/doctor.hpp"

namespace bb::cli {
namespace {

constexpr std::chrono::milliseconds longest_of_a_bucket{1500};

}  // namespace

void look_at_file_buckets(watch::Findings& findings, const watch::Subject& subject) {
    const auto& config = subject.config;
    if (!config.is_set("S3_BUCKET") && !config.is_set("S3_BUCKET_BEFORE")) return;
    const char* name = "uploaded files";
    try {
        const auto stores = app::stores_of(config, subject.home.data);
        const auto until = std::chrono::steady_clock::now() + longest_of_a_bucket;
        stores->watch_with([until] {
            if (std::chrono::steady_clock::now() > until) throw std::runtime_error("no answer in time");
        });
        for (const auto& store : stores->all()) {
            if (!store->name().starts_with("s3://")) continue;
            store->database();
            findings.ok(name, fmt::format("{} answers", store->name()));
        }
    } catch (const std::runtime_error& fault) {
        findings.fail(name, fault.what(),
                      "Correct S3_BUCKET, S3_ENDPOINT and the S3_ keys as it says, then restart the server.");
    }
}

}  // namespace bb::cli
