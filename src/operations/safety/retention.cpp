#include "operations/safety/retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace bb::safety {
namespace {

using std::chrono::days;

std::string day_of(Time time) {
    return to_rfc3339(time).substr(0, 10);
}

std::string month_of(Time time) {
    return to_rfc3339(time).substr(0, 7);
}

/// ISO 8601: a week belongs to the year of its Thursday.
std::string week_of(Time time) {
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::weekday weekday(day);
    const auto thursday = day + days(4 - static_cast<int>(weekday.iso_encoding()));
    const auto year = std::chrono::year_month_day(thursday).year();
    const auto first = std::chrono::sys_days(year / std::chrono::January / 1);
    return fmt::format("{:04}-W{:02}", int(year), (thursday - first).count() / 7 + 1);
}

/// The periods of one kind that a backup is kept for.
class Periods {
public:
    Periods(std::string_view kind, int most, std::string (*name_of)(Time))
        : kind_(kind), most_(most), name_of_(name_of) {}

    /// Backups come newest first: the first of a period is its newest. Empty: not kept for this.
    std::string claim(Time time) {
        const auto name = name_of_(time);
        if (static_cast<int>(seen_.size()) >= most_ || !seen_.insert(name).second) return {};
        return fmt::format("{} {} of {} ({})", kind_, seen_.size(), most_, name);
    }

private:
    std::string_view kind_;
    int most_;
    std::string (*name_of_)(Time);
    std::set<std::string> seen_;
};

void newest_first(std::vector<Candidate>& backups) {
    std::sort(backups.begin(), backups.end(), [](const auto& a, const auto& b) {
        return std::tie(a.created_at, a.id) > std::tie(b.created_at, b.id);
    });
}

/// Why one stays that counts for nothing else; empty: it is an ordinary one.
std::string why_set_aside(const Candidate& backup, Time now) {
    if (!backup.whole) return "damaged: look at it, then remove its folder";
    if (backup.created_at > now + clock_tolerance) return "of a time to come: a clock was wrong";
    return {};
}

}  // namespace

std::vector<Verdict> sort_out_physical(std::vector<Candidate> backups, Time now, int recovery_days) {
    newest_first(backups);
    const auto begin = now - days(recovery_days);
    bool have_newest = false, have_begin = recovery_days == 0;
    // Of a day the newest and the oldest: copies that are made again and again, since one place takes none,
    // must not fill up another.
    std::map<std::string, std::string> oldest_of_day;
    for (const auto& backup : backups)
        if (why_set_aside(backup, now).empty()) oldest_of_day[day_of(backup.created_at)] = backup.id;
    std::set<std::string> days_seen;
    std::vector<Verdict> verdicts;
    for (const auto& backup : backups) {
        std::vector<std::string> reasons;
        if (backup.held) reasons.emplace_back("held");
        if (auto aside = why_set_aside(backup, now); !aside.empty()) {
            reasons.push_back(std::move(aside));
        } else {
            if (!std::exchange(have_newest, true)) reasons.emplace_back("newest");
            const auto day = day_of(backup.created_at);
            const bool counts = days_seen.insert(day).second || oldest_of_day[day] == backup.id;
            if (!have_begin && counts)
                reasons.push_back(fmt::format("for any second of the last {} days", recovery_days));
            have_begin = have_begin || (counts && backup.created_at <= begin);
        }
        const bool kept = !reasons.empty();
        verdicts.push_back(
            Verdict{backup.id, kept,
                    kept ? fmt::format("{}", fmt::join(reasons, ", "))
                         : fmt::format("newer ones, or others of its day, stand for the last {} days",
                                       recovery_days)});
    }
    std::reverse(verdicts.begin(), verdicts.end());
    return verdicts;
}

std::vector<Verdict> sort_out(std::vector<Candidate> backups, Time now, const Retention& retention) {
    newest_first(backups);
    Periods kinds[] = {{"day", retention.daily, day_of},
                       {"week", retention.weekly, week_of},
                       {"month", retention.monthly, month_of}};
    bool have_newest = false;
    std::vector<Verdict> verdicts;
    for (const auto& backup : backups) {
        std::vector<std::string> reasons;
        if (backup.held) reasons.emplace_back("held");
        if (auto aside = why_set_aside(backup, now); !aside.empty()) {
            reasons.push_back(std::move(aside));
        } else {
            if (!std::exchange(have_newest, true)) reasons.emplace_back("newest");
            for (auto& kind : kinds)
                if (auto reason = kind.claim(backup.created_at); !reason.empty())
                    reasons.push_back(std::move(reason));
        }
        const bool kept = !reasons.empty();
        verdicts.push_back(Verdict{backup.id, kept,
                                   kept ? fmt::format("{}", fmt::join(reasons, ", "))
                                        : fmt::format("newer ones stand for its day, week and month ({})",
                                                      day_of(backup.created_at))});
    }
    std::reverse(verdicts.begin(), verdicts.end());
    return verdicts;
}

}  // namespace bb::safety
