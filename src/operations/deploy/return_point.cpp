#include "operations/deploy/return_point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

#include "base/core/json_reader.hpp"
#include "operations/deploy/control.hpp"
#include "operations/safety/manifest.hpp"

namespace bb::deploy {
namespace {

/// A migration is noted with the time at which its transaction began.
constexpr std::chrono::seconds before_the_migration{1};
constexpr std::chrono::seconds longest_wait_for_log{20};
constexpr std::chrono::minutes recent{1};
constexpr std::chrono::milliseconds look_again{500};

/// These tell, and fail where something else is not well.
boost::json::object told_by(const Surroundings& around, std::vector<std::string> words) {
    const auto parsed = parse_json(around.output_of(
        "/proc/self/exe", std::move(words), [] {}, true));
    if (!parsed || !parsed->is_object()) throw std::runtime_error("The backups cannot be read.");
    return parsed->get_object();
}

std::optional<Time> time_member(const boost::json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? parse_rfc3339(std::string(value->get_string())) : std::nullopt;
}

class Search {
public:
    Search(const Surroundings& around, const SchemaGap& gap, const std::string& key)
        : around_(around), gap_(gap), key_(key), moment_(gap.taken_at - before_the_migration) {}

    ReturnPoints run() {
        look_at_logs();
        look_at_backups();
        std::stable_sort(found_.all.begin(), found_.all.end(),
                         [](const auto& a, const auto& b) { return a.moment > b.moment; });
        return std::move(found_);
    }

private:
    /// A moment that has just passed is waited for: the log is a second behind.
    void look_at_logs() {
        for (const auto deadline = now() + longest_wait_for_log;;) {
            found_ = {};
            const bool may_come = look_at_logs_now() && now() - moment_ < recent;
            if (!may_come || now() > deadline) return;
            std::this_thread::sleep_for(look_again);
        }
    }

    /// Whether a log that goes on has not come as far.
    bool look_at_logs_now() {
        bool is_behind = false;
        const auto status = told_by(around_, {"backup", "status", "--json"});
        for (const auto& one : status.at("places").as_array()) {
            const auto& place = one.as_object();
            const auto path = text_member(place, "path");
            const auto* log = place.at("log").if_object();
            const auto* spans = log ? log->if_contains("spans") : nullptr;
            const bool reached =
                spans &&
                std::any_of(spans->as_array().begin(), spans->as_array().end(), [&](const auto& span) {
                    const auto from = time_member(span.as_object(), "from");
                    const auto to = time_member(span.as_object(), "to");
                    return from && to && *from <= moment_ && moment_ <= *to;
                });
            if (reached)
                add_log(path);
            else
                lacks_log(path, log);
            const auto to = log ? time_member(*log, "recoverableTo") : std::nullopt;
            is_behind =
                is_behind || (!reached && log && (!to || *to < moment_) && log->at("followed").as_bool());
        }
        return is_behind;
    }

    void add_log(const std::string& place) {
        const auto at = to_rfc3339(moment_);
        auto words = with_options({"--at", at}, place);
        auto proof = command(words, {"--dry-run"});
        add({moment_, "the log in " + place, std::move(words), {std::move(proof)}});
    }

    void lacks_log(const std::string& place, const boost::json::object* log) {
        const auto spans = log ? text_member(*log, "recoverable") : std::string();
        found_.lacking.push_back(
            spans.empty() ? fmt::format("In {} is no log from which a second could be recovered.", place)
                          : fmt::format("The log in {} reaches any second {}, and not {}.", place, spans,
                                        to_rfc3339(moment_)));
    }

    void look_at_backups() {
        const auto list = told_by(around_, {"backup", "list", "--json"});
        bool found = false;
        for (const auto& one : list.at("backups").as_array()) {
            const auto& backup = one.as_object();
            const auto made = time_member(backup, "createdAt");
            if (!made || *made > moment_ || text_member(backup, "reason") == safety::before_restore) continue;
            if (backup.at("schema").as_int64() >= gap_.migration) continue;
            add(backup_point(backup, *made));
            found = true;
        }
        if (!found)
            found_.lacking.push_back(
                fmt::format("No backup that can be read is of before {}.", to_rfc3339(moment_)));
    }

    ReturnPoint backup_point(const boost::json::object& backup, Time made) const {
        const auto id = text_member(backup, "id");
        const auto path = text_member(backup, "path");
        const auto place = path.substr(0, path.size() - id.size() - 1);
        auto words = with_options({id}, place);
        std::vector<std::string> read = {"backup", "verify", id, "--from", place};
        if (!key_.empty()) read.insert(read.end(), {"--key", key_});
        return {made, "the backup " + path, words, {std::move(read), command(words, {"--dry-run"})}};
    }

    std::vector<std::string> with_options(std::vector<std::string> words, const std::string& place) const {
        if (!key_.empty()) words.insert(words.end(), {"--key", key_});
        // Migrations that only added are no hindrance for the release that brings it back.
        if (gap_.migration - 1 > gap_.to)
            words.insert(words.end(), {"--newest-schema", std::to_string(gap_.migration - 1)});
        words.insert(words.end(), {"--from", place});
        return words;
    }

    static std::vector<std::string> command(const std::vector<std::string>& words,
                                            const std::vector<std::string>& more) {
        std::vector<std::string> all = {"backup", "restore"};
        all.insert(all.end(), words.begin(), words.end());
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    void add(ReturnPoint point) {
        point.minutes = std::chrono::ceil<std::chrono::minutes>(now() - point.moment).count();
        found_.all.push_back(std::move(point));
    }

    const Surroundings& around_;
    const SchemaGap& gap_;
    const std::string& key_;
    const Time moment_;
    ReturnPoints found_;
};

}  // namespace

ReturnPoints return_points(const std::filesystem::path& data, const SchemaGap& gap, const std::string& key) {
    const auto around = surroundings_of(Control(data));
    return Search(around, gap, key).run();
}

void prove(const std::filesystem::path& data, const std::filesystem::path& program, const ReturnPoint& point,
           const std::function<void()>& watch) {
    const auto around = surroundings_of(Control(data));
    for (const auto& words : point.proofs) around.output_of(program, words, watch);
}

}  // namespace bb::deploy
