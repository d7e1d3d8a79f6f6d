#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/core/uuid.hpp"
#include "base/db/database.hpp"
#include "services/audit/log.hpp"

namespace bb::app {

/// Whether the chain of the audit log is whole. Computed again once a day, and once after the start, by one
/// of the running servers; the others show NaN. A long chain takes several readings.
class AuditReadings {
public:
    /// `home`: tutor::home_name() of this server.
    AuditReadings(metrics::Registry& metrics, std::string home);
    Task<void> read(db::Database& db);

private:
    Task<bool> is_ours_to_check(db::Database& db) const;
    Task<void> check(db::Database& db);
    void show();

    const std::string home_;
    metrics::Gauge whole_, age_;
    std::optional<audit::Verdict> under_way_;
    std::optional<bool> found_;
    std::chrono::steady_clock::time_point checked_at_{};
};

}  // namespace bb::app
