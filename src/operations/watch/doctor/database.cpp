#include "operations/watch/doctor/database.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/db/schema_range.hpp"
#include "operations/watch/doctor/database_load.hpp"

namespace bb::watch {
namespace {

struct End {
    int major;
    const char* day;
};
constexpr std::array ends = {End{13, "2025-11-13"}, End{14, "2026-11-12"}, End{15, "2027-11-11"},
                             End{16, "2028-11-09"}, End{17, "2029-11-08"}, End{18, "2030-11-14"}};
constexpr int oldest_major = 15;  // that the migrations are written for
constexpr int days_to_move = 180;
constexpr double much_apart = 2, too_far_apart = 30;  // seconds
constexpr int most_key_days = 365;

std::int64_t days_from(Time at, const std::string& day) {
    const auto end = parse_rfc3339(day + "T00:00:00.000000Z");
    return end ? std::chrono::duration_cast<std::chrono::hours>(*end - at).count() / 24 : 0;
}

void look_at_version(Findings& findings, db::Session& session) {
    const auto rows = session.query("SELECT current_setting('server_version_num')::int");
    judge_version(findings, rows[0].get<int>(0), now());
}

void look_at_schema(Findings& findings, db::Session& session) {
    if (session.query("SELECT to_regclass('schema_migrations') IS NULL")[0].get<bool>(0))
        return judge_schema(findings, 0, 0);
    const auto rows = session.query(
        "SELECT coalesce(max(number), 0), "
        "count(*) FILTER (WHERE number > $1 AND to_jsonb(m) ->> 'phase' IS DISTINCT FROM 'expand') "
        "FROM schema_migrations m",
        db::schema_max);
    judge_schema(findings, rows[0].get<int>(0), rows[0].get<std::int64_t>(1));
}

void look_at_clocks(Findings& findings, db::Session& session) {
    const char* name = "clock of the database";
    const auto before = now();
    const auto theirs = session.query("SELECT clock_timestamp()")[0].get<Time>(0);
    const auto middle = before + (now() - before) / 2;
    const double apart = std::abs(std::chrono::duration<double>(theirs - middle).count());
    const auto words = fmt::format("{:.1f} s apart from ours", apart);
    const char* fix = "Synchronise both machines with a time server: timedatectl set-ntp true";
    if (apart > too_far_apart) return findings.fail(name, words, fix);
    if (apart > much_apart) return findings.warn(name, words, fix);
    findings.ok(name, words);
}

void look_at_settings(Findings& findings, db::Session& session, const Subject& subject) {
    const auto rows = session.query("SELECT current_setting('jit'), current_setting('data_checksums')");
    const bool jit = rows[0].get<std::string>(0) == "on";
    if (jit && subject.home.managed)
        findings.warn("jit", "on: it needs memory that is written and run, which the service forbids",
                      fmt::format("Take \"jit\" out of {}/postgres/local.conf, then {}.",
                                  subject.home.data.string(), service_command("restart")));
    else
        findings.ok("jit", jit ? "on, as whoever runs the database wants it" : "off");
    if (rows[0].get<std::string>(1) == "on") return findings.ok("data checksums", "on");
    findings.warn(
        "data checksums", "off: a disk that falsifies pages is not noticed",
        "While PostgreSQL is stopped: pg_checksums --enable -D FOLDER; of a hosted database, ask the "
        "provider.");
}

/// Passages that wait for the embedding model, where one is named.
void look_at_vectors(Findings& findings, db::Session& session, const Subject& subject) {
    const char* name = "vectors";
    const auto& model = subject.config.text("OPENAI_EMBEDDING_MODEL");
    const bool there = session.query("SELECT to_regclass('vector_corpora') IS NOT NULL")[0].get<bool>(0);
    if (model.empty() || !there) return;
    const auto rows = session.query(
        "SELECT count(*), coalesce(sum(c.passages), 0)::bigint, count(*) FILTER (WHERE v.attempts > 2) "
        "FROM corpora c LEFT JOIN vector_corpora v ON v.owner_id = c.owner_id "
        "WHERE c.passages > 0 AND (v.model IS DISTINCT FROM $1 OR v.changes <> c.changes)",
        model);
    const auto people = rows[0].get<std::int64_t>(0);
    if (people == 0) return findings.ok(name, "no passages wait");
    const auto words =
        fmt::format("passages of {} people wait, up to {}", people, rows[0].get<std::int64_t>(1));
    if (rows[0].get<std::int64_t>(2) == 0) return findings.ok(name, words);
    findings.warn(name, words + ", because the embedding model fails",
                  "See why in the log: journalctl -u brainbytes | grep \"passages get their vectors later\"");
}

void explain_absence(Findings& findings, const Subject& subject, const std::string& why) {
    if (!subject.home.managed)
        return findings.fail(
            "database", why,
            "Look whether PostgreSQL runs and lets this account in: psql \"$DATABASE_URL\" -c "
            "\"SELECT 1\"");
    std::error_code failed;
    const auto folder = subject.home.data / "postgres";
    if (why.empty() && !std::filesystem::exists(folder, failed))
        return findings.fail("database", fmt::format("there is none yet in {}", subject.home.data.string()),
                             fmt::format("The server makes it when it starts: {}", service_command("start")));
    findings.fail(
        "database", why.empty() ? fmt::format("the private database in {} is down", folder.string()) : why,
        fmt::format("It starts with the server: {}; if it does not, read the end of {}/postgres.log.",
                    service_command("start"), subject.home.data.string()));
}

}  // namespace

std::optional<std::string> end_of_postgres(int major) {
    for (const auto& end : ends)
        if (end.major == major) return end.day;
    return std::nullopt;
}

void judge_version(Findings& findings, int number, Time at) {
    const char* name = "database version";
    const int major = number / 10000;
    const auto version = fmt::format("PostgreSQL {}.{}", major, number % 10000);
    const char* move =
        "Move to a newer version: make a backup (brainbytes backup create), install it, restore there.";
    if (major < oldest_major)
        return findings.fail(name, fmt::format("{}; at least {} is needed", version, oldest_major), move);
    const auto end = end_of_postgres(major);
    if (!end) return findings.ok(name, version + ", newer than what is known here of ends of support");
    const auto days = days_from(at, *end);
    if (days < 0)
        return findings.warn(name, fmt::format("{} is mended no more since {}", version, *end), move);
    if (days < days_to_move)
        return findings.warn(name, fmt::format("{} is mended until {}, {} days more", version, *end, days),
                             move);
    findings.ok(name, fmt::format("{}, mended until {}", version, *end));
}

void judge_schema(Findings& findings, int newest, std::int64_t too_new) {
    const char* name = "schema";
    if (newest < db::schema_min)
        return findings.fail(
            name,
            fmt::format("the database is at number {}, and this program needs {}", newest, db::schema_min),
            "Bring it up: brainbytes db migrate");
    if (too_new > 0)
        return findings.fail(
            name,
            fmt::format("the database is at number {}, too new for this program, which knows {}", newest,
                        db::schema_max),
            "Run the newer program (brainbytes deploy history names it), or go back: brainbytes rollback");
    findings.ok(name, newest > db::schema_max
                          ? fmt::format("number {}, newer than this program, which runs on it", newest)
                          : fmt::format("number {}, as this program needs it", newest));
}

db::Session short_session(const std::string& conninfo) {
    db::Session session(conninfo);
    session.script(
        "SET application_name = 'brainbytes doctor'; SET statement_timeout = '1500ms'; SET lock_timeout = "
        "'300ms'; SET default_transaction_read_only = "
        "on");
    return session;
}

bool look_at_database(Findings& findings, const Subject& subject) {
    if (subject.home.conninfo.empty()) {
        explain_absence(findings, subject, {});
        return false;
    }
    try {
        auto session = short_session(subject.home.conninfo);
        findings.ok("database",
                    subject.home.managed ? "the private one answers" : "the one of DATABASE_URL answers");
        look_at_version(findings, session);
        look_at_schema(findings, session);
        look_at_vectors(findings, session, subject);
        if (!subject.home.managed) look_at_clocks(findings, session);  // the private one has our own clock
        look_at_settings(findings, session, subject);
        auto all_seeing = short_session(subject.home.superuser_conninfo);
        look_at_load(findings, all_seeing, subject);
    } catch (const db::Unavailable& fault) {
        explain_absence(findings, subject, fault.what());
        return false;
    }
    return true;
}

void look_at_mail_queue(Findings& findings, db::Session& session) {
    const char* name = "mail queue";
    const auto rows = session.query(
        "SELECT count(*) FILTER (WHERE state = 'parked'), "
        "count(*) FILTER (WHERE state = 'waiting' AND next_try_at < now() - interval '5 minutes'), "
        "count(*) FILTER (WHERE state = 'waiting' AND attempts > 0), count(*) FROM mail_queue");
    const auto row = rows[0];
    const auto parked = row.get<std::int64_t>(0), late = row.get<std::int64_t>(1);
    const auto tried = row.get<std::int64_t>(2);
    if (late > 0)
        findings.fail(
            name, fmt::format("{} letters are due for more than five minutes: no server delivers them", late),
            fmt::format("Start one, or restart it: {}", service_command("restart")));
    if (tried > 0)
        findings.warn(name,
                      fmt::format("{} letters were put off by the mail server and are tried again", tried),
                      "See why in the log: journalctl -u brainbytes | grep \"a notice was put off\"");
    if (parked > 0)
        findings.warn(
            name, fmt::format("{} letters were refused for good, and go after a month", parked),
            "Their addresses may be wrong; see them with: brainbytes user list; the reasons: journalctl -u "
            "brainbytes | grep \"a notice was refused\"");
    if (late + tried + parked == 0)
        findings.ok(name, fmt::format("{} letters wait, none too long", row.get<std::int64_t>(3)));
}

void look_at_jobs(Findings& findings, db::Session& session) {
    const char* name = "jobs";
    const auto rows = session.query(
        "SELECT count(*) FILTER (WHERE state = 'parked'), "
        "count(*) FILTER (WHERE state = 'waiting' AND kind <> 'read_again' "
        "                 AND next_try_at < now() - interval '10 minutes'), "
        "count(*) FROM jobs");
    const auto row = rows[0];
    const auto parked = row.get<std::int64_t>(0), late = row.get<std::int64_t>(1);
    if (late > 0)
        findings.fail(name,
                      fmt::format("{} files wait to be read for more than ten minutes: no server reads them, "
                                  "or there are too many",
                                  late),
                      fmt::format("Start one, or restart it: {}", service_command("restart")));
    if (parked > 0)
        findings.warn(
            name, fmt::format("{} files were given up, for a reason that lies with the server", parked),
            "See why: brainbytes logs filter --since 30d --grep \"a file is given up\"; their owners can "
            "have them read again");
    if (late + parked == 0)
        findings.ok(name, fmt::format("{} files wait to be read, none too long", row.get<std::int64_t>(2)));
}

void look_at_key_ring(Findings& findings, db::Session& session) {
    const char* name = "sealing key";
    const auto created =
        session.query("SELECT max(created_at) FROM secret_keys")[0].get<std::optional<Time>>(0);
    if (!created) return findings.ok(name, "none yet: the first thing that is sealed makes one");
    const auto days = std::chrono::duration_cast<std::chrono::hours>(now() - *created).count() / 24;
    const auto words = fmt::format("the newest is {} days old", days);
    if (days > most_key_days)
        return findings.warn(name, words,
                             "Make a new one and seal everything with it: brainbytes secret rotate");
    findings.ok(name, words);
}

}  // namespace bb::watch
