#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/installation.hpp"
#include "cli/backup_log.hpp"
#include "cli/doctor.hpp"
#include "operations/safety/drill_history.hpp"
#include "operations/safety/runs.hpp"
#include "operations/watch/doctor/database.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;
using watch::Findings;
using watch::Subject;

constexpr std::chrono::milliseconds longest_of_a_place{1800};
constexpr double long_lag = 300, too_long_lag = 3600;  // seconds
constexpr const char* back_up_now = "Make one now, and see why no server did: brainbytes backup create";

std::string age_text(double seconds) {
    if (seconds < 120) return fmt::format("{:.0f} s", seconds);
    if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
    if (seconds < 3 * 86400) return fmt::format("{:.0f} h", seconds / 3600);
    return fmt::format("{:.0f} days", seconds / 86400);
}

double seconds_since(Time at) {
    return std::chrono::duration<double>(now() - at).count();
}

/// When this database got its schema: before that there was nothing to back up.
Time begun(db::Session& session) {
    const auto rows = session.query("SELECT min(applied_at) FROM schema_migrations");
    return rows[0].get<std::optional<Time>>(0).value_or(now());
}

void judge_backups(Findings& findings, const safety::LastRuns& last, Time since, std::chrono::hours every) {
    const char* name = "newest backup";
    const auto age = safety::age_of_newest(last);
    const auto words = age ? fmt::format("{} old", age_text(*age)) : std::string("there is none yet");
    if (last.any && last.any->fault)
        findings.fail("last backup run", *last.any->fault, "Mend that, then: brainbytes backup create");
    if (every.count() == 0)
        return findings.warn(name, words + ", and no server makes any (BACKUP_EVERY_HOURS is 0)",
                             "Let a timer run brainbytes backup create, or set BACKUP_EVERY_HOURS=24.");
    const auto due = fmt::format("{}; one is due every {} h", words, every.count());
    if (safety::is_late(last, every, since)) return findings.fail(name, due, back_up_now);
    if (!age)
        return findings.warn(
            name, due,
            "A server makes the first by itself ten minutes after its start; or: brainbytes backup create");
    if (*age > 1.5 * static_cast<double>(every.count()) * 3600) return findings.warn(name, due, back_up_now);
    findings.ok(name, due);
}

void judge_physical(Findings& findings, const safety::LastRuns& last, Time since, std::int64_t every_days) {
    const char* name = "newest physical backup";
    if (every_days == 0) return findings.ok(name, "none wanted (BACKUP_PHYSICAL_EVERY_DAYS is 0)");
    const auto from = last.physical ? last.physical->started_at : since;
    const auto words = last.physical ? fmt::format("{} old", age_text(seconds_since(from)))
                                     : std::string("there is none yet");
    const auto due = fmt::format("{}; one is due every {} days", words, every_days);
    const bool late = seconds_since(from) > 2.0 * static_cast<double>(every_days) * 86400;
    if (late)
        return findings.fail(name, due + ": recovery to a moment begins at one",
                             "Make one now: brainbytes backup create --method physical");
    if (!last.physical)
        return findings.warn(name, due + ": until then no recovery to a moment",
                             "A server makes it by itself; or: brainbytes backup create --method physical");
    findings.ok(name, due);
}

void judge_drills(Findings& findings, db::Session& session, Time since) {
    const char* name = "last drill";
    const auto past = safety::past_drills(session, 1);
    const char* fix = "Practise a recovery, which changes nothing here: brainbytes drill run";
    if (past.empty()) {
        if (safety::is_drill_late(since)) return findings.fail(name, "none was ever held", fix);
        return findings.warn(name, "none was held yet", fix);
    }
    const auto& last = past.front();
    const auto words = fmt::format(
        "{} ago, {}, {}", age_text(seconds_since(last.started_at)), last.scenario,
        last.rto_seconds ? "recovered in " + age_text(*last.rto_seconds) : std::string("not recovered"));
    if (!last.good)
        return findings.fail(
            name, words + ", and it failed",
            "See which check failed (brainbytes drill history), mend it, then: brainbytes drill run");
    if (safety::is_drill_late(last.started_at)) return findings.warn(name, words, fix);
    findings.ok(name, words);
}

/// What this account may do in the folder of a place.
void judge_folder(Findings& findings, const std::string& name, const fs::path& folder, bool is_kept_here) {
    if (::access(folder.c_str(), W_OK | X_OK) == 0) return findings.ok(name, "there, and may be written to");
    const int reason = errno;
    // The folder of the data folder is made with the first backup; another may be a disk that is not mounted.
    if (reason == ENOENT && is_kept_here) return findings.ok(name, "will be made with the first backup");
    if (reason == ENOENT)
        return findings.fail(name, "it is not there",
                             fmt::format("Mount its disk (mount -a), or make it: install -d -m 700 -o {} {}",
                                         ::geteuid(), folder.string()));
    findings.fail(
        name,
        fmt::format("this account, number {}, may not write there: {}", ::geteuid(), std::strerror(reason)),
        fmt::format("Give it to the account: chown -R {} {}", ::geteuid(), folder.string()));
}

void judge_log(Findings& findings, const Subject& subject, const safety::Destination& place) {
    const auto name = "WAL in " + place.name();
    if (subject.config.number("BACKUP_WAL_DAYS") == 0)
        return findings.ok(name, "none wanted (BACKUP_WAL_DAYS is 0)");
    if (subject.home.conninfo.empty())
        return findings.skip(name, "the database is down", "First mend what is said of the database.");
    auto installation = app::installation_of(subject.config, subject.home.conninfo);
    installation.managed = subject.home.managed;
    installation.wal_conninfo =
        subject.home.managed ? subject.home.superuser_conninfo : subject.home.conninfo;
    const auto log = look_at_log(installation, place);
    if (!log.slot)
        return findings.warn(
            name, "the database keeps no log for it: no recovery to a moment",
            log.why_none.empty()
                ? "Begin with a copy of everything: brainbytes backup create --method physical"
                : log.why_none);
    if (!log.slot->in_use)
        return findings.warn(name,
                             fmt::format("no server carries it on; {:.1f} MB wait in the database",
                                         static_cast<double>(log.slot->behind()) / 1e6),
                             "Start a server, or look why it does not: " + watch::service_command("restart"));
    const double lag = log.lag().value_or(0);
    const auto words =
        fmt::format("{} behind, {:.1f} MB", age_text(lag), static_cast<double>(log.slot->behind()) / 1e6);
    const char* fix = "See what keeps it: journalctl -u brainbytes -n 50, and brainbytes backup status";
    if (lag > too_long_lag) return findings.fail(name, words, fix);
    if (lag > long_lag) return findings.warn(name, words, fix);
    findings.ok(name, words);
}

}  // namespace

void look_at_runs(Findings& findings, const Subject& subject) {
    const auto& config = subject.config;
    auto session = watch::short_session(subject.home.conninfo);
    if (!safety::notes_runs(session))
        return findings.skip("newest backup", "the schema is too old to tell",
                             "First: brainbytes db migrate");
    const auto last = safety::last_runs(session);
    const auto since = begun(session);
    judge_backups(findings, last, since, std::chrono::hours(config.number("BACKUP_EVERY_HOURS")));
    judge_physical(findings, last, since, config.number("BACKUP_PHYSICAL_EVERY_DAYS"));
    judge_drills(findings, session, since);
    watch::look_at_mail_queue(findings, session);
    watch::look_at_jobs(findings, session);
    watch::look_at_key_ring(findings, session);
}

void look_at_place(Findings& findings, const Subject& subject, safety::Destination place) {
    const auto name = "place " + place.name();
    if (const auto folder = place.store().folder()) {
        judge_folder(findings, name, *folder, !subject.config.is_set("BACKUP_TO"));
        if (app::is_beside_data(subject.config, place) &&
            subject.config.text("BRAINBYTES_STAGE") == "production")
            findings.warn(
                name, "on the disk of the data: lost together with it",
                "Name a place on another machine too: BACKUP_TO=s3://BUCKET/PREFIX or another disk.");
    } else {
        try {
            const auto until = std::chrono::steady_clock::now() + longest_of_a_place;
            place.store().watch_with([until] {
                if (std::chrono::steady_clock::now() > until) throw std::runtime_error("no answer in time");
            });
            findings.ok(name, fmt::format("answers; {} backups", place.store().folders().size()));
        } catch (const std::runtime_error& fault) {
            return findings.fail(
                name, fault.what(),
                "Correct BACKUP_TO, S3_ENDPOINT and the S3_ keys as it says, then: brainbytes backup status");
        }
    }
    try {
        judge_log(findings, subject, place);
    } catch (const std::exception& fault) {
        findings.fail("WAL in " + place.name(), fault.what(), "Look closer: brainbytes backup status");
    }
}

void look_at_backup_key(Findings& findings, const Subject& subject) {
    const char* name = "backup key";
    const bool configured = subject.config.is_set("BACKUP_KEY_FILE");
    const auto file = configured ? fs::path(subject.config.text("BACKUP_KEY_FILE"))
                                 : subject.home.data / app::kept_key_name;
    struct stat status;
    if (::stat(file.c_str(), &status) != 0) {
        if (!configured && errno == ENOENT) return findings.ok(name, "none yet: the first backup makes one");
        return findings.fail(
            name, fmt::format("{}: {}", file.string(), std::strerror(errno)),
            "Bring the file back, or make a key: brainbytes backup keygen FILE; name it in BACKUP_KEY_FILE.");
    }
    try {
        const auto keys = safety::read_backup_keys(file);
        const bool opens = !keys.identities.empty();
        if (opens && (status.st_mode & 0077) != 0)
            return findings.fail(name,
                                 fmt::format("others may read {}, which opens every backup (mode {:04o})",
                                             file.string(), status.st_mode & 07777),
                                 fmt::format("Close it: chmod 600 {}", file.string()));
        findings.ok(name, fmt::format("{}: {}", file.string(),
                                      opens ? "seals and opens; keep a copy on another machine" : "seals"));
    } catch (const std::runtime_error& fault) {
        findings.fail(name, fault.what(),
                      "Put the right key file there: without it no backup is made or opened.");
    }
}

}  // namespace bb::cli
