#pragma once
#include <chrono>
#include <string>
#include <vector>

namespace bb::dns {

enum class Place { primary, secondary };

/// When the record moves.
struct FailoverRules {
    int fails = 3;      ///< looks in a row that the primary must have failed, or have been well to go back
    bool back = false;  ///< go back by itself
    /// Against going to and fro: after so many returns within `window` it stays at the secondary while that
    /// is well, and each return within it asks for twice as many good looks as the one before.
    int most_returns = 2;
    std::chrono::seconds window{3600};
};

/// How an address answered.
struct Answer {
    bool well = false;
    std::string detail;  ///< "status 503"
};

/// What was seen at one look.
struct Sight {
    Answer primary, secondary;
    Place record = Place::primary;  ///< where it points to
    std::chrono::seconds at{0};     ///< by a clock that only goes forward
};

enum class Step { stay, to_secondary, to_primary };

/// What to do now, and what there is to say about it (empty: nothing new).
struct Verdict {
    Step step = Step::stay;
    std::string why;
};

/// Decides when a record moves between two hosts. Knows neither network nor clock.
class Failover {
public:
    explicit Failover(FailoverRules rules) : rules_(rules) {}

    Verdict look(const Sight& sight);
    /// The record was moved as look() said. Without this the same is said again at the next look.
    void moved(Step step, std::chrono::seconds at);
    /// Whether further looks could lead to a move without anything else changing.
    bool pending() const { return pending_; }

private:
    void count(const Sight& sight);
    Verdict at_primary(const Sight& sight);
    Verdict at_secondary(const Sight& sight);
    Verdict say(std::string why);
    int returns_within(std::chrono::seconds at) const;

    FailoverRules rules_;
    Place place_ = Place::primary;
    bool first_ = true;
    bool pending_ = false;
    int failed_ = 0;
    int well_ = 0;
    int failed_before_ = 0;
    std::vector<std::chrono::seconds> returns_;
    std::string said_;
};

}  // namespace bb::dns
