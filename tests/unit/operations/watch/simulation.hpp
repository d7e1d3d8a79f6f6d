#pragma once
#include <map>
#include <string>
#include <vector>

#include "operations/watch/look.hpp"

namespace bb::test {

/// What a node shows in a minute.
struct Minute {
    double requests = 60, failed = 0;
    double failed_sign_ins = 0;
    double slow_share = 0;  ///< of requests that take two seconds
    std::map<std::string, double> gauges;
    bool second_node = true;  ///< reports, too
};

/// An incident as it was seen from outside, in minutes of simulated time.
struct Seen {
    std::string alarms, severity;
    int opened = 0, resolved = -1;
    int level = 0;
};

/// Days that pass in seconds: a minute of metrics and a look each, on a real database.
class Simulation {
public:
    Simulation(db::Database& db, watch::Surroundings around, Time start)
        : db_(db), around_(std::move(around)), start_(start), one_(db, "one"), two_(db, "two") {}

    Task<void> pass(int minutes, Minute minute);
    /// Time in which nothing is written and nobody looks: the database is away.
    void darkness(int minutes) { minute_ += minutes; }
    int now() const { return minute_; }
    Time time() const { return start_ + std::chrono::minutes(minute_); }

    Task<std::vector<Seen>> incidents();
    /// "minute event level target", in order.
    Task<std::vector<std::string>> messages();

private:
    db::Database& db_;
    watch::Surroundings around_;
    const Time start_;
    watch::History one_, two_;
    int minute_ = 0;
};

}  // namespace bb::test
