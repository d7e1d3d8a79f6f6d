#pragma once
#include <string>

#include "base/core/metrics.hpp"
#include "features/materials/page/fault.hpp"
#include "features/materials/types.hpp"
#include "services/blobs/file_store.hpp"
#include "services/fetch/fetcher.hpp"
#include "services/jobs/runner.hpp"

namespace bb::materials {

/// Fetches the pages of files that were named by their address, and has them read like uploads.
class Fetching : public jobs::Runner {
public:
    /// `storage`: bytes of files that a person may keep; 0: no bound.
    Fetching(db::Database& db, blobs::FileStore& files, fetch::Fetcher& fetcher, std::int64_t storage,
             metrics::Registry& metrics);

private:
    struct Arrived;
    Task<void> carry_out(const jobs::Job& job) override;
    void on_put_off(const jobs::Job& job, const std::string& reason) override;
    Task<void> give_up(const jobs::Job& job, std::string reason) override;
    Task<void> keep(const jobs::Job& job, const std::string& url, fetch::Page came);
    /// Nothing when it was kept, or is not ours any more.
    Task<std::optional<page::PageFault>> keep_row(const jobs::Job& job, const Arrived& arrived);
    Task<void> keep_fault(const jobs::Job& job, page::PageFault fault);

    blobs::FileStore& files_;
    fetch::Fetcher& fetcher_;
    std::int64_t storage_;
    metrics::Counter done_, failed_, put_off_;
    metrics::Histogram seconds_;
};

}  // namespace bb::materials
