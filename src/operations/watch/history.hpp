#pragma once
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/core/time.hpp"
#include "base/db/database.hpp"
#include "operations/watch/increments.hpp"

namespace bb::watch {

/// How far the history goes back in minutes; beyond, in hours for thirteen months.
inline constexpr std::chrono::hours kept_in_minutes{14 * 24};

/// Writes what this node counted into the history of all nodes.
class History {
public:
    History(db::Database& db, std::string node) : db_(db), node_(std::move(node)) {}

    /// Adds `points` to the minute in which `at` lies, in one statement for all. The database may be another
    /// each time, as after a restore. Throws db::Unavailable, after which they may have been added, or
    /// db::SqlError, after which they are not.
    Task<void> add(const std::vector<Point>& points, Time at);

private:
    db::Database& db_;
    const std::string node_;
};

/// Sums full hours up that are not yet, at most 24 of them, and forgets what is too old. For the node whose
/// turn it is.
Task<void> condense(db::Database& db, Time now);

/// Which series are meant: those of a name whose labels fit. A pattern is a text with stars, several apart
/// by "|", and "!" before it for all others: {"route": "!/livez|/readyz", "status": "5*"}.
struct Selector {
    std::string metric;
    std::map<std::string, std::string> labels;
};

/// One period, over all series and nodes that fit.
struct Period {
    Time begins;
    double sum = 0, low = 0, high = 0;
    std::int64_t points = 0;
    std::vector<std::uint64_t> counts;  ///< per bucket of a histogram
};

/// What was found of a selector.
struct Found {
    std::string kind;  ///< "counter", "gauge", "histogram"; empty: no series fits
    std::vector<double> bounds;
    std::vector<Period> periods;  ///< in order; those without a point are left out
};

/// Bounds of buckets as they stand in the table of series: "{0.1,0.5}".
std::vector<double> bounds_in(const std::string& text);

/// A metric with a history.
struct KnownMetric {
    std::string name, kind;
    std::int64_t series = 0;
};
Task<std::vector<KnownMetric>> known_metrics(db::Database& db);

/// The periods of `length` from `start` to before `end`: made of minutes, or of hours (and the minutes since
/// the last full one) where `length` is more than six hours or `start` too long ago. At most 2,000 periods:
/// std::logic_error.
Task<Found> read_history(db::Transaction& tx, Selector selector, Time start, Time end,
                         std::chrono::seconds length, Time now);

}  // namespace bb::watch
