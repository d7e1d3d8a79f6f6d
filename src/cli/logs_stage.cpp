#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "cli/deploy.hpp"
#include "cli/logs.hpp"
#include "operations/stages/host.hpp"
#include "operations/stages/hosts.hpp"
#include "operations/watch/log_files.hpp"

namespace bb::cli {
namespace {

constexpr std::size_t most_waiting = 500;  // lines of a host
constexpr std::chrono::hours longest_reading{1};
constexpr std::chrono::hours longest_following{24 * 30};

struct NobodyReads : std::runtime_error {
    NobodyReads() : std::runtime_error("nobody reads any more") {}
};

/// Lines of several hosts, brought into the order of time: a host that is ahead waits for the others.
class Lanes {
public:
    Lanes(const std::vector<std::string>& hosts, bool in_order) : in_order_(in_order) {
        for (const auto& host : hosts) lanes_[host];
    }

    /// Throws NobodyReads.
    void put(const std::string& host, watch::LogLine line) {
        std::unique_lock lock(mutex_);
        auto& lane = lanes_[host];
        changed_.wait(lock, [&]() { return closed_ || lane.lines.size() < most_waiting; });
        if (closed_) throw NobodyReads();
        lane.lines.push_back(std::move(line));
        changed_.notify_all();
    }

    void end(const std::string& host) {
        const std::lock_guard lock(mutex_);
        lanes_[host].over = true;
        changed_.notify_all();
    }

    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

    /// The next line with its host; nullopt when all hosts are through.
    std::optional<std::pair<std::string, watch::LogLine>> next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this]() { return ready(); });
        auto first = lanes_.end();
        for (auto it = lanes_.begin(); it != lanes_.end(); ++it) {
            if (it->second.lines.empty()) continue;
            if (first == lanes_.end() || it->second.lines.front().time < first->second.lines.front().time)
                first = it;
        }
        if (first == lanes_.end()) return std::nullopt;
        std::pair found(first->first, std::move(first->second.lines.front()));
        first->second.lines.pop_front();
        changed_.notify_all();
        return found;
    }

private:
    struct Lane {
        std::deque<watch::LogLine> lines;
        bool over = false;
    };

    bool ready() const {
        const auto known = [](const auto& lane) {
            return lane.second.over || !lane.second.lines.empty();
        };
        const auto has_line = [](const auto& lane) {
            return !lane.second.lines.empty();
        };
        if (std::all_of(lanes_.begin(), lanes_.end(), known)) return true;
        return !in_order_ && std::any_of(lanes_.begin(), lanes_.end(), has_line);
    }

    const bool in_order_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Lane> lanes_;
    bool closed_ = false;
};

std::vector<std::string> typed(const LogWords& words) {
    std::vector<std::string> out = {"logs", words.command, "--json"};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) out.push_back(std::string(name) + '=' + value);
    };
    add("--since", words.since);
    add("--until", words.until);
    add("--level", words.level);
    add("--request", words.request);
    add("--route", words.route);
    add("--event", words.event);
    add("--grep", words.pattern);
    add("--journal", words.unit);
    if (words.newest > 0) add("--lines", std::to_string(words.newest));
    if (words.limit > 0) add("--limit", std::to_string(words.limit));
    if (words.follow) out.insert(out.end(), {"--follow", "--attended"});
    return out;
}

void read_host(const stages::Stage& stage, const std::string& host, const LogWords& words, Lanes& lanes,
               const std::function<void(std::string_view)>& say) {
    struct Ended {
        Lanes& lanes;
        const std::string& host;
        ~Ended() { lanes.end(host); }
    } ended{lanes, host};
    stages::Host::How how;
    how.limit = words.follow ? longest_following : longest_reading;
    how.attended = words.follow;
    how.say = say;
    how.hear = [&](std::string_view text) {
        if (auto line = watch::parse_line(text)) lanes.put(host, std::move(*line));
    };
    stages::Host(stage, host).brainbytes(typed(words), how);
}

}  // namespace

int logs_of_stage(Context& context, const LogWords& words) {
    const auto stage = stage_of(words.stage);
    Lanes lanes(stage.hosts, !words.follow);
    std::mutex alone;  // of the error output
    std::string fault;
    std::thread reading([&]() {
        try {
            stages::at_once(stage.hosts, [&](const std::string& host) {
                read_host(stage, host, words, lanes, [&](std::string_view line) {
                    const std::lock_guard lock(alone);
                    context.err << host << ": " << line << '\n';
                });
            });
        } catch (const std::exception& failure) {
            fault = failure.what();
        }
    });
    while (const auto found = lanes.next()) {
        const auto& [host, line] = *found;
        context.out << (words.json ? watch::as_json(line, host) : watch::readable(line, host)) << '\n';
        if (words.follow) context.out.flush();
        if (!context.out) break;
    }
    const bool read = static_cast<bool>(context.out);
    lanes.close();
    reading.join();
    return fault.empty() || !read ? done : context.fail(fault);
}

}  // namespace bb::cli
