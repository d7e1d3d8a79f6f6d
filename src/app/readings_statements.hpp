#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/core/metrics.hpp"

namespace bb::app {

/// Where pg_stat_statements is read.
struct Statistics {
    std::string conninfo;  // for libpq
    std::string database;  // whose statements; empty: that of the connection
    bool ours = false;     // the extension may be made there when it is loaded and missing
};

/// "select messages": the first words of a statement that name what it does to what, without anything that
/// could be a value.
std::string statement_head(std::string_view sql);

/// The statements that took the most time. Where the database does not count them the families are absent.
class StatementReadings {
public:
    StatementReadings(metrics::Registry& metrics, Statistics where);
    /// Connects, reads within a few seconds, and lets go.
    void read();

private:
    using Seconds = std::map<std::string, double>;  // by statement
    void show(const Seconds& seconds, double slow);
    void forget();

    metrics::Registry& metrics_;
    const Statistics where_;
    std::map<std::string, metrics::Counter> shown_;
    std::optional<std::chrono::steady_clock::time_point> absent_;  // when it was found so
};

}  // namespace bb::app
