#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "cli/deploy.hpp"
#include "operations/deploy/return_point.hpp"
#include "operations/deploy/schema_back.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes longest_going{2};  // of servers on other hosts that end now, too

/// A release that needs what a migration has dropped, and what of that can be brought back.
class ReturnByRestore {
public:
    ReturnByRestore(Context& context, deploy::DeployPlan& plan, const DeployWords& words,
                    const deploy::SchemaGap& gap, const deploy::WayBack& way)
        : context_(context), plan_(plan), words_(words), gap_(gap), way_(way) {}

    bool run() {
        const auto key = words_.key.empty() ? std::string() : fs::absolute(words_.key).string();
        const auto points = deploy::return_points(plan_.data, gap_, key);
        faults_ = points.lacking;
        if (points.all.empty()) return refuse(nothing_reaches());
        const auto& best = points.all.front();
        if (!way_.elsewhere.empty()) return refuse(with_others(best));
        if (words_.accepted_minutes < 0) return refuse(way_with(best));
        const auto* point = words_.dry_run ? affordable(best) : first_good(points.all);
        if (!point) return false;
        context_.err << fmt::format(
            "{}\nLost is what was written since {}: {} minutes of work. Back by {}.\n", need(),
            to_rfc3339(point->moment), point->minutes, point->by);
        plan_.restore = deploy::Restoring{*point, gap_.migration};
        plan_.back_up = !words_.no_backup;
        return true;
    }

private:
    std::string name() const { return plan_.release.about.name(); }

    std::string need() const { return gap_.lost(way_.gone, name()); }

    bool refuse(const std::string& why) { return context_.fail(need() + ' ' + why) == done; }

    std::string typed(const deploy::ReturnPoint& point) const {
        return fmt::format("\"brainbytes rollback --to {} --accept-data-loss {}\"", name(), point.minutes);
    }

    std::string way_with(const deploy::ReturnPoint& point) const {
        return fmt::format("{} brings the database back to {} by {} and loses {} minutes of work.",
                           typed(point), to_rfc3339(point.moment), point.by, point.minutes);
    }

    std::string nothing_reaches() const {
        return fmt::format(
            "Nothing here reaches the moment before. {} A backup that lies elsewhere: \"brainbytes backup "
            "restore ID --from FOLDER\", by the program of {} while nothing serves. Without the content: "
            "\"brainbytes db rollback --to {}\" while nothing serves, then \"brainbytes rollback --to {}\".",
            fmt::join(faults_, " "), name(), gap_.to, name());
    }

    std::string with_others(const deploy::ReturnPoint& point) const {
        return fmt::format(
            "Servers elsewhere work with this database: {}. Stop the supervisors of the other hosts "
            "(\"systemctl stop brainbytes\"), then {} on this one: it loses {} minutes of work. Start the "
            "others again, and \"brainbytes rollback --to {}\" there.",
            fmt::join(way_.elsewhere, ", "), typed(point), point.minutes, name());
    }

    const deploy::ReturnPoint* affordable(const deploy::ReturnPoint& point) {
        if (point.minutes <= words_.accepted_minutes) return &point;
        refuse(fmt::format("{}{}{} minutes of work are at stake, and {} are accepted.",
                           fmt::join(faults_, " "), faults_.empty() ? "" : " ", point.minutes,
                           words_.accepted_minutes));
        return nullptr;
    }

    /// Of those that lose no more than is accepted, the first that is proven: before anything changes.
    const deploy::ReturnPoint* first_good(const std::vector<deploy::ReturnPoint>& points) {
        faults_.clear();
        for (const auto& point : points) {
            if (!affordable(point)) return nullptr;
            try {
                plan_.say("prove", point.by);
                deploy::prove(plan_.data, plan_.release.folder / "brainbytes", point, plan_.watch);
                return &point;
            } catch (const std::exception& fault) {
                faults_.push_back(fmt::format("Unusable is {}: {}", point.by, fault.what()));
                plan_.say("prove", faults_.back());
            }
        }
        refuse(nothing_reaches());
        return nullptr;
    }

    Context& context_;
    deploy::DeployPlan& plan_;
    const DeployWords& words_;
    const deploy::SchemaGap& gap_;
    const deploy::WayBack& way_;
    std::vector<std::string> faults_;
};

/// Nothing, where it cannot be told; that is said.
std::optional<deploy::WayBack> told_way_back(Context& context, const fs::path& data, int to) {
    try {
        return deploy::way_back(data, to);
    } catch (const std::exception& fault) {
        context.err << "Whether it needs a restore cannot be told: " << fault.what() << '\n';
        return std::nullopt;
    }
}

}  // namespace

bool fits_schema(Context& context, deploy::DeployPlan& plan, const DeployWords& words) {
    const auto gap = deploy::schema_gap(plan.data, plan.release.about);
    if (!gap) return true;
    const auto name = plan.release.about.name();
    if (plan.migrate) return context.fail(gap->text(name)) == done;
    const auto way = told_way_back(context, plan.data, gap->to);
    if (way && !way->gone.empty()) return ReturnByRestore(context, plan, words, *gap, *way).run();
    if (!way || words.accepted_minutes < 0) return context.fail(gap->text(name)) == done;
    if (!way->elsewhere.empty() && !words.together)
        return context.fail(fmt::format("Servers elsewhere need this schema: {}. Go back with all of them at "
                                        "once (\"brainbytes rollback --stage STAGE\"), or stop them first.",
                                        fmt::join(way->elsewhere, ", "))) == done;
    context.err << "Needs its schema back: " << way->losses;
    if (words.accepted_minutes < gap->minutes)
        return context.fail(fmt::format("{} minutes of work are at stake, and {} are accepted.", gap->minutes,
                                        words.accepted_minutes)) == done;
    plan.schema = gap->to;
    if (words.together) plan.others = longest_going;
    plan.back_up = !words.no_backup;
    return true;
}

}  // namespace bb::cli
