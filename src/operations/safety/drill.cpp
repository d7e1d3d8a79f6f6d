#include "operations/safety/drill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>

#include "base/core/crypto.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/uuid.hpp"
#include "base/db/home.hpp"
#include "base/db/session.hpp"
#include "operations/safety/brought_back.hpp"
#include "operations/safety/copy.hpp"
#include "operations/safety/drill_site.hpp"
#include "operations/safety/drill_writer.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/part.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds time_to_work{5};
constexpr std::size_t people_exported = 3;
constexpr const char* has_entry_sql = "SELECT EXISTS (SELECT FROM audit_entries WHERE at = $1)";
constexpr const char* visitor = "drill@drill.invalid";

/// Something that must not be there any more when it is written over with noise.
void scramble(const fs::path& folder) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file() || entry.file_size() == 0) continue;
        std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
        const auto noise = crypto::random_bytes(std::min<std::uint64_t>(entry.file_size(), 65536));
        file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
    }
}

/// With which the commands of the drill find backup and key.
std::vector<std::string> environment_of(const DrillPlan& plan) {
    auto environment = plan.backup.store->environment();
    environment.push_back("BACKUP_TO=" + plan.backup.store->name());
    environment.push_back("BACKUP_KEY_FILE=" + plan.key_file.string());
    // A drill touches no live file: its own lie in its folder.
    environment.emplace_back("S3_BUCKET=");
    environment.emplace_back("S3_BUCKET_BEFORE=");
    return environment;
}

/// One drill on its way.
class Drill {
public:
    explicit Drill(const DrillPlan& plan)
        : plan_(plan), name_(plan.scenario.name), site_(plan.folder, environment_of(plan), plan.watch) {}

    DrillResult run() {
        DrillResult result;
        result.scenario = name_;
        result.backup = plan_.backup.id;
        result.goals = plan_.with_log ? plan_.scenario.with_log : plan_.scenario.promised;
        if (region()) set_up_first();
        if (!from_nothing()) restore(plan_.backup.id);
        if (writes()) work();
        do_damage();
        restored_.reset();  // that was before
        result.started_at = now();
        if (recovers(result)) look(result);
        result.checks = std::move(checks_);
        return result;
    }

private:
    /// Whether the tutor answers again. Notes the times, as far as something is back.
    bool recovers(DrillResult& result) {
        auto started = steady_clock::now();
        const auto passed = [&started]() {
            return std::chrono::duration<double>(steady_clock::now() - started).count();
        };
        bool back = check("restore", [this]() { return recover(); });
        measured_.data = passed();
        const auto looked = steady_clock::now();
        if (restored_)
            look_at_data(result);  // before a server writes there; who recovers does not wait for it
        started += steady_clock::now() - looked;
        back = back && check("server", [this]() { return start(); }) &&
               check("sign-in", [this]() { return sign_in(); }) && check("chat", [this]() { return ask(); });
        measured_.answer = passed();
        back = back && (!region() || check("name", [this]() { return move_name(); }));
        if (back) result.rto_seconds = measured_.whole = passed() + held_seconds_;
        return back;
    }

    /// How old what is back is, and whether all of it is there.
    void look_at_data(DrillResult& result) {
        const auto& backup = *plan_.backup.manifest;
        // Files are in no log: with those that only a later backup would have, its work is lost.
        files_lost_ = restored_->missing_files > backup.missing_files.size();
        const auto of = files_lost_ ? std::min(restored_->of, backup.created_at) : restored_->of;
        result.rpo_seconds = lost_seconds(result.started_at, of);
        check("rows", [&]() { return count_rows_back(result.started_at); });
    }

    /// Whether everything is there, and came back as the plan promises.
    void look(DrillResult& result) {
        if (writes()) check("writes", [&]() { return count_writes(result); });
        check("schema", [this]() { return command({"db", "verify"}, "as the migrations make it"); });
        check("audit", [this]() { return command({"audit", "verify"}, "the chain holds"); });
        check("hashes", [this]() { return read_files(); });
        check("files", [this]() { return export_some(); });
        if (!result.rpo_seconds) return;
        measured_.lost = *result.rpo_seconds;
        measured_.counted = (by_log() && !files_lost_) || application();
        for (const auto& row : plan_.scenario.rows) checks_.push_back(compare(row, measured_));
    }

    /// Notes how `what` goes, and what it tells.
    bool check(std::string name, const std::function<std::string()>& what) {
        DrillCheck one{std::move(name), true, {}};
        try {
            one.detail = what();
        } catch (const GivenUp&) {
            throw;
        } catch (const std::exception& fault) {
            one.good = false;
            one.detail = fault.what();
        }
        checks_.push_back(std::move(one));
        return checks_.back().good;
    }

    std::string command(const std::vector<std::string>& words, std::string done) {
        site_.command(words);
        return done;
    }

    /// Brings a backup back, or a moment ("--at", TIME).
    template <class... Words>
    void restore(const Words&... which) {
        restored_ = read_brought_back(site_.command(
            {"backup", "restore", which..., "--yes", "--json", "--no-safety", "--no-settings"}));
    }

    /// Whether it is recovered from the log, not from a backup alone.
    bool by_log() const {
        return plan_.with_log && (name_ == "lost-database" || name_ == "bad-migration" || from_nothing());
    }

    bool from_nothing() const { return name_ == "lost-host" || region(); }

    /// Whether somebody works there until it is damaged.
    bool writes() const { return application() || (by_log() && !from_nothing()); }

    bool application() const { return name_ == "lost-application"; }

    bool region() const { return name_ == "region-lost"; }

    /// The region that will be lost, with a server of its own.
    void set_up_first() {
        first_ = std::make_unique<DrillSite>(plan_.folder / "first", environment_of(plan_), plan_.watch);
        first_->command({"backup", "restore", plan_.backup.id, "--yes", "--no-safety", "--no-settings"});
        first_->start_server();
    }

    std::string move_name() {
        if (!plan_.move_name) throw std::runtime_error("nobody watches the name");
        const auto move = plan_.move_name(first_->url(), site_.url());
        held_seconds_ = move.held_seconds;
        return move.detail;
    }

    void work() {
        site_.set("BACKUP_TO", (site_.folder() / "place").string());
        site_.start_server();
        sign_in();
        if (!application()) site_.command({"backup", "create", "--method", "physical"});
        writer_.write_for(time_to_work, cookie_);
        before_damage_ = now();
        // Those who deploy stop their server; a disk that dies does not.
        if (name_ == "bad-migration") site_.stop_server();
    }

    std::string count_writes(DrillResult& result) {
        const auto back = writer_.count(cookie_, result.started_at);
        result.rpo_seconds = back.lost_seconds;
        return fmt::format("{} of {} acknowledged rows are back", back.rows, writer_.written());
    }

    void do_damage() {
        if (region()) {
            first_->kill_all();
            fs::remove_all(first_->data());
        }
        if (application()) site_.kill_all();
        if (name_ == "lost-database") {
            site_.kill_all();
            fs::remove_all(site_.data() / "postgres");
        }
        if (name_ == "deleted-files") fs::remove_all(site_.data() / "files");
        if (name_ == "bad-migration") break_schema();
        if (name_ == "ransomware") {
            copy_backup(plan_.backup, Destination(site_.folder() / "stolen"), plan_.watch);
            scramble(site_.folder() / "stolen");
            scramble(site_.data());
        }
    }

    void in_database(const std::function<void(db::Session&)>& work) const {
        config::Config config =
            *config::Config::load({{"BRAINBYTES_DATA", site_.data().string()}}, site_.folder());
        auto home = db::Home::open(config, db::Home::Use::command, [](std::string_view) {});
        if (!home) throw std::runtime_error(home.error().detail);
        db::Session session(home->conninfo());
        work(session);
    }

    void break_schema() {
        in_database([](db::Session& session) {
            session.script("BEGIN; DROP TABLE messages CASCADE; UPDATE entries SET title = 'x'; COMMIT");
        });
    }

    std::string recover() {
        if (application()) return "the data is there";
        if (name_ == "bad-migration" && succeeds({"db", "verify"}))
            throw std::runtime_error("the broken schema was not noticed");
        if (name_ == "ransomware") {
            const auto stolen = (site_.folder() / "stolen").string();
            if (succeeds({"backup", "verify", plan_.backup.id, "--from", stolen}))
                throw std::runtime_error("the altered backup was not noticed");
            fs::remove_all(site_.data());
        }
        if (!by_log()) {
            restore(plan_.backup.id);
            return told_backup();
        }
        const auto moment = name_ == "bad-migration" ? to_rfc3339(before_damage_) : std::string("latest");
        restore(std::string("--at"), moment);
        return fmt::format("to {}", to_rfc3339(restored_->of));
    }

    std::string told_backup() const {
        return fmt::format("{} rows and {} files{}", restored_->rows, plan_.backup.manifest->files,
                           plan_.backup.manifest->wal ? "" : " as in the manifest");
    }

    /// What was live a moment before must be there too, when the log reaches until then.
    std::string count_rows_back(Time begun) const {
        std::string text;
        in_database([&](db::Session& session) {
            text = check_brought_back(session, *restored_, begun);
            const auto& live = plan_.newest_live;
            if (!by_log() || !from_nothing() || !live || *live > restored_->of) return;
            if (!session.query(has_entry_sql, *live)[0].get<bool>(0))
                throw std::runtime_error(
                    fmt::format("{} came back, without what was live at {}", text, to_rfc3339(*live)));
            text += fmt::format("; with what was live at {}", to_rfc3339(*live));
        });
        return text;
    }

    /// Reads every uploaded file to its end. What the backup lacked is missing here too.
    std::string read_files() const {
        const auto found = parse_json(site_.command({"blobs", "verify", "--json"}, true)).value();
        std::size_t missing = 0;
        for (const auto& one : found.at("findings").as_array()) {
            const std::string kind(one.at("kind").as_string());
            missing += kind == "missing";
            if (kind != "missing" && kind != "orphan")
                throw std::runtime_error(
                    fmt::format("{}: {}", kind, std::string(one.at("file").as_string())));
        }
        const auto known = restored_ ? restored_->missing_files : plan_.backup.manifest->missing_files.size();
        if (missing > known) throw std::runtime_error(fmt::format("{} files are missing", missing - known));
        return fmt::format("{} files are what was stored{}",
                           found.at("files").to_number<std::size_t>() - missing,
                           files_lost_ ? "; those that came after the newest backup are lost" : "");
    }

    bool succeeds(const std::vector<std::string>& words) {
        try {
            site_.command(words);
            return true;
        } catch (const GivenUp&) {
            throw;
        } catch (const std::runtime_error&) {
            return false;
        }
    }

    std::string start() {
        site_.start_server();
        return "ready";
    }

    std::string sign_in() {
        succeeds({"user", "create", visitor});  // who may have come back with the data
        const auto session = parse_json(site_.command({"user", "session", visitor, "--json"}));
        cookie_ = std::string(session.value().at("cookie").as_string());
        const auto answer = site_.request("GET", "/api/session", cookie_);
        if (answer.status != 200) throw std::runtime_error(fmt::format("status {}", answer.status));
        return "a session is answered";
    }

    std::string ask() {
        JsonWriter json;
        json.object().field("id", Uuid::make()).key("message").object();
        json.field("id", Uuid::make()).field("role", "user").key("parts").array().object();
        json.field("type", "text").field("text", "Are you there?").end().end().end().end();
        const auto answer = site_.request("POST", "/api/chat", cookie_, json.take());
        if (answer.status != 200 || answer.body.find("[DONE]") == std::string::npos)
            throw std::runtime_error(fmt::format("status {}: {}", answer.status, answer.body.substr(0, 300)));
        return "the tutor answered";
    }

    /// Reads everything of some people, and so opens their files.
    std::string export_some() {
        const auto listed = parse_json(site_.command({"user", "list", "--json"}));
        std::size_t done = 0;
        for (const auto& user : listed.value().at("users").as_array()) {
            const std::string email(user.at("email").as_string());
            if (email == visitor) continue;
            if (++done > people_exported) break;
            const auto file = (site_.folder() / fmt::format("{}.zip", done)).string();
            site_.command({"user", "export", email, "--out", file});
        }
        return fmt::format("all data of {} people was read", std::min(done, people_exported));
    }

    const DrillPlan& plan_;
    const std::string name_;
    DrillSite site_;
    std::unique_ptr<DrillSite> first_;  // of region-lost
    double held_seconds_ = 0;
    std::string cookie_;
    std::vector<DrillCheck> checks_;
    DrillWriter writer_{site_};
    std::optional<BroughtBack> restored_;  // in the recovery; nothing: no data came back, or none was gone
    bool files_lost_ = false;              // that came after the newest backup
    Measured measured_;
    Time before_damage_{};
};

}  // namespace

bool DrillResult::good() const {
    return rto_seconds && *rto_seconds <= goals.rto_seconds && rpo_seconds &&
           *rpo_seconds <= goals.rpo_seconds &&
           std::all_of(checks.begin(), checks.end(), [](const auto& one) { return one.good; });
}

DrillResult run_drill(const DrillPlan& plan) {
    if (fs::exists(plan.folder)) fs::remove_all(plan.folder);
    return Drill(plan).run();
}

}  // namespace bb::safety
