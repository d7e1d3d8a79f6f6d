#include "operations/safety/retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace bb::safety {
namespace {

using std::chrono::days;
using Reasons = std::vector<std::string>;

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

/// Whether one may stand for others.
bool stands(const Candidate& backup, Time now) {
    return !backup.replaced && why_set_aside(backup, now).empty();
}

/// How much older than the newest backups are: a clock that is ahead must not make them old. It may have made
/// backups too, so that one pause in which no schedule makes none does not count.
class Ages {
public:
    /// Those that are not set aside, newest first.
    Time::duration of(Time time) {
        const auto pause = last_.value_or(time) - time;
        last_ = time;
        if (pause <= longest_pause || std::exchange(jumped_, true)) age_ += pause;
        return age_;
    }

private:
    std::optional<Time> last_;
    bool jumped_ = false;
    Time::duration age_{};
};

/// Why backups stay, whatever those of their kind are kept for.
class AnyKind {
public:
    AnyKind(const std::vector<Candidate>& backups, Time now)
        : now_(now), others_(std::any_of(backups.begin(), backups.end(), [&](const auto& one) {
              return stands(one, now);
          })) {}

    /// They come newest first; `age`: as Ages tells it.
    Reasons reasons_of(const Candidate& backup, Time::duration age) {
        Reasons reasons;
        if (backup.held) reasons.emplace_back("held");
        if (auto aside = why_set_aside(backup, now_); !aside.empty()) {
            reasons.push_back(std::move(aside));
            return reasons;
        }
        const bool may_be_newest = !backup.replaced || !others_;
        if (may_be_newest && !std::exchange(have_newest_, true)) reasons.emplace_back("newest");
        if (backup.replaced && age < replaced_kept)
            reasons.push_back(fmt::format("of what a restore replaced: for {} days", replaced_kept.count()));
        return reasons;
    }

private:
    Time now_;
    bool others_;
    bool have_newest_ = false;
};

/// `claim` gives one that stands for others, of some age, its reasons to stay; `gone` says why one goes that
/// has none.
template <class Claim, class Gone>
std::vector<Verdict> judge(std::vector<Candidate> backups, Time now, Claim claim, Gone gone) {
    newest_first(backups);
    AnyKind any(backups, now);
    Ages ages;
    std::vector<Verdict> verdicts;
    for (const auto& backup : backups) {
        const auto age = why_set_aside(backup, now).empty() ? ages.of(backup.created_at) : Time::duration();
        auto reasons = any.reasons_of(backup, age);
        if (stands(backup, now)) claim(backup, age, reasons);
        if (!reasons.empty())
            verdicts.push_back(Verdict{backup.id, true, fmt::format("{}", fmt::join(reasons, ", "))});
        else
            verdicts.push_back(Verdict{
                backup.id, false,
                backup.replaced
                    ? fmt::format("of what a restore replaced: {} days are over", replaced_kept.count())
                    : gone(backup)});
    }
    std::reverse(verdicts.begin(), verdicts.end());
    return verdicts;
}

}  // namespace

std::vector<Verdict> sort_out_physical(std::vector<Candidate> backups, Time now, int recovery_days) {
    bool have_begin = recovery_days == 0;
    // Of a day the newest and the oldest: copies that are made again and again, since one place takes none,
    // must not fill up another.
    newest_first(backups);
    std::map<std::string, std::string> oldest_of_day;
    for (const auto& backup : backups)
        if (stands(backup, now)) oldest_of_day[day_of(backup.created_at)] = backup.id;
    std::set<std::string> days_seen;
    const auto claim = [&](const Candidate& backup, Time::duration age, Reasons& reasons) {
        const auto day = day_of(backup.created_at);
        const bool counts = days_seen.insert(day).second || oldest_of_day[day] == backup.id;
        if (!have_begin && counts)
            reasons.push_back(fmt::format("for any second of the last {} days", recovery_days));
        have_begin = have_begin || (counts && age >= days(recovery_days));
    };
    return judge(std::move(backups), now, claim, [&](const Candidate&) {
        return fmt::format("newer ones, or others of its day, stand for the last {} days", recovery_days);
    });
}

std::vector<Verdict> sort_out(std::vector<Candidate> backups, Time now, const Retention& retention) {
    Periods kinds[] = {{"day", retention.daily, day_of},
                       {"week", retention.weekly, week_of},
                       {"month", retention.monthly, month_of}};
    const auto claim = [&](const Candidate& backup, Time::duration, Reasons& reasons) {
        for (auto& kind : kinds)
            if (auto reason = kind.claim(backup.created_at); !reason.empty())
                reasons.push_back(std::move(reason));
    };
    return judge(std::move(backups), now, claim, [](const Candidate& backup) {
        return fmt::format("newer ones stand for its day, week and month ({})", day_of(backup.created_at));
    });
}

}  // namespace bb::safety
