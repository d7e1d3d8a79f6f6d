#pragma once
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/net/pool.hpp"
#include "base/net/timer.hpp"
#include "features/materials/extract/fault.hpp"
#include "services/blobs/file_store.hpp"
#include "services/jobs/queue.hpp"

namespace bb::materials {

/// Reads uploaded files that are no plain text: takes their jobs, has each read in a process that is shut in,
/// and puts the text into the index. Belongs to one loop; what it is given must outlive it.
class Reading {
public:
    /// `readers`: where a thread waits for each file that is being read.
    Reading(db::Database& db, blobs::FileStore& files, net::BlockingPool& readers,
            metrics::Registry& metrics);

    /// Reads the next file that waits. False when none does.
    Task<bool> read_next();
    /// Reads one after the other until stop().
    Task<void> keep_reading();
    /// A file has come in: looks at once.
    void wake();
    /// Takes no more, and gives what is in hand back as soon as can be.
    void stop();
    bool has_stopped() const;

private:
    struct Waiting;
    Task<std::optional<Waiting>> file_of(const jobs::Job& job);
    /// What became of a text or fault: not ours is what another server has meanwhile.
    enum class Kept { kept, not_ours, moved };
    Task<void> sleep(std::chrono::milliseconds time);
    Task<std::string> original(const Waiting& file);
    /// Carries a job out, puts it off or gives it up. False when no more are to be taken.
    Task<bool> settle(const jobs::Job& job);
    /// Reads the file of a job and keeps what came of it.
    Task<void> carry_out(const jobs::Job& job);
    Task<extract::Read<std::string>> text_of(const Waiting& file);
    Task<extract::Read<std::string>> read(const Waiting& file);
    Task<Kept> keep_text(const jobs::Job& job, const Waiting& file, const std::string& text);
    Task<void> drop(const jobs::Job& job);
    Task<Kept> keep_fault(const jobs::Job& job, const Waiting& file, extract::Unread why);
    Task<void> give_up(const jobs::Job& job, std::string reason);

    db::Database& db_;
    blobs::FileStore& files_;
    net::BlockingPool& readers_;
    std::stop_source stop_;
    int in_hand_ = 0;
    std::vector<net::Timer*> sleeping_;
    metrics::Counter done_, failed_, put_off_;
    metrics::Histogram seconds_;
};

}  // namespace bb::materials
