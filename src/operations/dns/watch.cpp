#include "operations/dns/watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include "base/client/exchange.hpp"

namespace bb::dns {
namespace {

using Clock = std::chrono::steady_clock;

/// One run of `dns failover`.
class Watch {
public:
    Watch(const Cloudflare& cloudflare, const WatchPlan& plan, const LastChange& last)
        : cloudflare_(cloudflare), plan_(plan), last_(last), failover_(plan.rules), started_(Clock::now()) {}

    Result<void> run() {
        if (const auto begun = begin(); !begun) return begun.error();
        for (auto next = started_;;) {
            if (const auto looked = look(); !looked) return looked.error();
            // What a slow answer held up is not made good at once: looks in a row must take their time.
            next = std::max(next + plan_.every, Clock::now());
            const bool over = plan_.time.count() > 0 && next > started_ + plan_.time;
            if (over || ended_ || (plan_.once && !failover_.pending())) return end();
            std::this_thread::sleep_until(next);
        }
    }

private:
    std::chrono::seconds elapsed() const {
        return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_);
    }

    Result<void> begin() {
        auto zone = cloudflare_.zone_of(plan_.name);
        if (!zone) return zone.error();
        zone_ = *zone;
        if (const auto read = read_record(); !read) return read.error();
        plan_.say("looked",
                  fmt::format("{} points to the {} ({})", plan_.name, label(place_), record_.words()));
        return lower_ttl();
    }

    static const char* label(Place place) { return place == Place::primary ? "primary" : "secondary"; }

    /// Errors: conflict when the record is not one of the two.
    Result<void> read_record() {
        const auto records = cloudflare_.records(zone_, plan_.name);
        if (!records) return records.error();
        const auto& type = plan_.primary.type;
        const auto is_it = [&type](const Record& one) {
            return one.type == type;
        };
        if (std::count_if(records->begin(), records->end(), is_it) != 1)
            return Error(ErrorCode::conflict,
                         fmt::format("{} must have exactly one record of type {}.", plan_.name, type));
        const auto found = *std::find_if(records->begin(), records->end(), is_it);
        if (found.content != plan_.primary.content && found.content != plan_.secondary.content)
            return Error(ErrorCode::conflict,
                         fmt::format("{} points to {}, which is neither the primary nor the secondary: it is "
                                     "left alone.",
                                     plan_.name, found.content));
        record_ = found;
        place_ = found.content == plan_.primary.content ? Place::primary : Place::secondary;
        return {};
    }

    Result<void> lower_ttl() {
        if (record_.proxied) {
            plan_.say("looked",
                      "the record is proxied: visitors keep Cloudflare's addresses, no TTL is waited for");
            return {};
        }
        if (record_.held_for() <= plan_.ttl) return {};
        const auto before = record_.held_for();
        Record lower = record_;
        lower.ttl = plan_.ttl;
        const auto words = fmt::format(
            "the TTL from {} to {} seconds; until {} seconds from now resolvers may "
            "still hold the record for longer",
            before, plan_.ttl, before);
        if (plan_.dry_run) {
            plan_.say("would lower", words);
            return {};
        }
        const auto done = apply({zone_, record_, lower});
        if (!done) return done.error();
        record_ = *done->after;
        plan_.say("lowered", words);
        return {};
    }

    /// A full disk here must not keep the record at a host that is gone; it was read a moment ago.
    Result<Change> apply(Change change) {
        try {
            return carry_out(cloudflare_, change, last_);
        } catch (const std::system_error& fault) {
            plan_.say("failed", fmt::format("--undo will not know of it: {}", fault.what()));
        }
        const auto changed = cloudflare_.change(zone_, *change.after);
        if (!changed) return changed.error();
        change.after = *changed;
        return change;
    }

    Result<void> look() {
        const auto limit = std::clamp<std::chrono::milliseconds>(plan_.every / 2, std::chrono::seconds(1),
                                                                 std::chrono::seconds(5));
        Sight sight;
        sight.primary = ask(plan_.name, plan_.primary, plan_.probe, limit);
        sight.secondary = ask(plan_.name, plan_.secondary, plan_.probe, limit);
        const auto read = read_record();
        if (!read && read.error().code == ErrorCode::conflict) return read.error();
        // Without Cloudflare the hosts are watched on; before a change the record is read again in any case.
        tell(read ? std::string() : read.error().detail, reading_fault_);
        sight.record = place_;
        sight.at = elapsed();
        primary_well_ = sight.primary.well;
        secondary_well_ = sight.secondary.well;
        if (primary_well_) failing_since_.reset();
        if (!primary_well_ && !failing_since_) failing_since_ = Clock::now();
        const auto verdict = failover_.look(sight);
        if (verdict.step != Step::stay) return move(verdict);
        if (!verdict.why.empty()) plan_.say("looked", verdict.why);
        return {};
    }

    /// Says a fault that lasts once; `said` is what was said of its kind before.
    void tell(const std::string& fault, std::string& said) {
        if (!fault.empty() && fault != said) plan_.say("failed", fault);
        said = fault;
    }

    Result<void> move(const Verdict& verdict) {
        const bool away = verdict.step == Step::to_secondary;
        const auto& target = away ? plan_.secondary : plan_.primary;
        auto words = fmt::format("{} from {} to {} ({}): {}", plan_.name, record_.content, target.content,
                                 away ? "secondary" : "primary", verdict.why);
        if (plan_.dry_run) {
            plan_.say("would move", words);
            ended_ = moved_ = true;
            return {};
        }
        Record after = record_;
        after.content = target.content;
        const auto done = apply({zone_, record_, after});
        if (!done) {
            tell(done.error().detail, moving_fault_);
            return {};
        }
        moving_fault_.clear();
        record_ = *done->after;
        place_ = away ? Place::secondary : Place::primary;
        failover_.moved(verdict.step, elapsed());
        if (away && failing_since_)
            words += fmt::format("; {:.1f} s after the first failed look",
                                 std::chrono::duration<double>(Clock::now() - *failing_since_).count());
        if (!record_.proxied)
            words += fmt::format("; resolvers hold the former for {} s at most", record_.held_for());
        plan_.say("moved", words);
        ended_ = plan_.once;
        return {};
    }

    Result<void> end() {
        if (place_ == Place::primary && !primary_well_ && !moved_)
            return Error(ErrorCode::unavailable,
                         fmt::format("{} points to the primary, which does not answer well.", plan_.name));
        if (place_ == Place::secondary && !secondary_well_ && !moved_)
            return Error(ErrorCode::unavailable,
                         fmt::format("{} points to the secondary, which does not answer well.", plan_.name));
        if (!ended_) plan_.say("ended", fmt::format("{} points to the {}", plan_.name, label(place_)));
        return {};
    }

    const Cloudflare& cloudflare_;
    const WatchPlan& plan_;
    const LastChange& last_;
    Failover failover_;
    Clock::time_point started_;
    Zone zone_;
    Record record_;
    Place place_ = Place::primary;
    std::optional<Clock::time_point> failing_since_;
    std::string reading_fault_, moving_fault_;
    bool primary_well_ = false;
    bool secondary_well_ = false;
    bool moved_ = false;
    bool ended_ = false;
};

}  // namespace

Answer ask(const std::string& name, const Target& host, const Probe& probe, std::chrono::milliseconds limit) {
    const auto port = probe.port == 0 ? std::string() : fmt::format(":{}", probe.port);
    client::Outgoing request(
        "GET", fmt::format("{}://{}{}{}", probe.plain ? "http" : "https", name, port, probe.path));
    request.connect_to = host.content;
    request.deadlines.connect = limit;
    request.deadlines.whole = limit;
    const auto reply = client::exchange(std::move(request), probe.ca_file);
    if (reply.failure) return {false, reply.detail.empty() ? "no answer" : reply.detail};
    return {reply.status >= 200 && reply.status < 300, fmt::format("status {}", reply.status)};
}

Result<void> watch(const Cloudflare& cloudflare, const WatchPlan& plan, const LastChange& last) {
    return Watch(cloudflare, plan, last).run();
}

}  // namespace bb::dns
