#pragma once
#include <functional>
#include <vector>

#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"

namespace bb::app {

/// One statement that gives one row of numbers, and where each of them is shown.
class RowReading {
public:
    using Show = std::function<void(double)>;

    /// `sql` must be a literal; each column a float8. A NULL is shown as NaN.
    RowReading(const char* sql, std::vector<Show> columns);
    /// Takes two seconds at most; NaN everywhere when it fails.
    Task<void> read(db::Database& db);

private:
    void forget();

    const char* sql_;
    std::vector<Show> columns_;
    bool told_ = false;  // of the failure that goes on
};

/// What is read once a minute: of the database itself, the mail queue, the people, and what they made.
std::vector<RowReading> database_readings(metrics::Registry& metrics);
/// What is read once an hour: who stays.
std::vector<RowReading> slow_readings(metrics::Registry& metrics);

}  // namespace bb::app
