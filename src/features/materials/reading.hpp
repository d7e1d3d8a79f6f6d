#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/net/pool.hpp"
#include "features/materials/extract/cage.hpp"
#include "features/materials/extract/fault.hpp"
#include "services/blobs/file_store.hpp"
#include "services/jobs/runner.hpp"

namespace bb::materials {

/// Reads uploaded files that are no plain text: takes their jobs, has each read in a process that is shut in,
/// and puts the text into the index.
class Reading : public jobs::Runner {
public:
    /// Files that came in, or those that were read by an older reader. The latter stay ready and as they are
    /// until there is another text, and for good when there is none.
    enum class Of { new_files, read_files };
    /// `readers`: where a thread waits for each file that is being read.
    Reading(db::Database& db, blobs::FileStore& files, net::BlockingPool& readers, metrics::Registry& metrics,
            Of of = Of::new_files);

private:
    struct Waiting;
    using Original = std::shared_ptr<const extract::CagedFile>;
    /// What became of a text or fault: not ours is what another server has meanwhile, or nobody wants any
    /// more.
    enum class Kept { kept, not_ours, moved };
    Task<void> carry_out(const jobs::Job& job) override;
    void on_put_off(const jobs::Job& job, const std::string& reason) override;
    Task<void> give_up(const jobs::Job& job, std::string reason) override;
    Task<std::optional<Waiting>> file_of(const jobs::Job& job);
    Task<Original> original(const Waiting& file);
    Task<Original> original_or_later(const Waiting& file);
    Task<extract::Read<std::string>> text_of(const Waiting& file);
    Task<extract::Read<std::string>> read(const Waiting& file);
    Task<Kept> keep_text(const jobs::Job& job, const Waiting& file, const std::string& text);
    Task<void> drop(const jobs::Job& job);
    Task<Kept> keep_fault(const jobs::Job& job, const Waiting& file, extract::Unread why);

    bool wants(const Waiting& file) const;

    const Of of_;
    blobs::FileStore& files_;
    net::BlockingPool& readers_;
    metrics::Counter done_, failed_, put_off_;
    metrics::Histogram seconds_;
    std::optional<std::chrono::steady_clock::time_point> told_away_;  // when the log was told last
};

}  // namespace bb::materials
