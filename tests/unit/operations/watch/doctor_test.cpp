#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "base/db/schema_range.hpp"
#include "operations/watch/doctor/database.hpp"
#include "operations/watch/doctor/machine.hpp"
#include "operations/watch/doctor/network.hpp"
#include "operations/watch/doctor/report.hpp"
#include "operations/watch/doctor/secrets.hpp"
#include "operations/watch/doctor/side_by_side.hpp"

namespace bb::watch {
namespace {

using std::chrono::milliseconds;

TEST(Secrets, WordsFromExamplesAndShortOnesAreWeak) {
    for (const char* word : {"changeme", "CHANGE-ME", "changeme-changeme-changeme", "a-long-random-text",
                             "password123456789012", "secretsecretsecretsecret"})
        EXPECT_TRUE(is_placeholder(word)) << word;
    EXPECT_FALSE(is_placeholder("q7WJmC0XlE1qGnTzv4Vd9w=="));
    EXPECT_NE(weakness_of("changeme")->find("example"), std::string::npos);
    EXPECT_NE(weakness_of("q7WJmC0X")->find("8 characters"), std::string::npos);
    EXPECT_NE(weakness_of("abababababababababab")->find("repeats itself"), std::string::npos);
    EXPECT_FALSE(weakness_of("q7WJmC0XlE1qGnTzv4Vd9w=="));
    EXPECT_FALSE(weakness_of("0c4f2a9be1d7735866e0a1b2c3d4e5f6"));
    EXPECT_EQ(bits_of(""), 0);
    EXPECT_EQ(bits_of("aaaa"), 0);
    EXPECT_EQ(bits_of("abab"), 4);
}

TEST(Secrets, AnEnvironmentFileNamesItsSecrets) {
    const auto names = secrets_in(
        "# not one\nBRAINBYTES_LISTEN=127.0.0.1:3000\nOPENAI_API_KEY=sk-1\nMETRICS_TOKEN=\n"
        "SMTP_URL=smtps://me:word@mail.example:465\nDATABASE_URL=postgresql:///brainbytes\nOTHER_SECRET=x\n");
    EXPECT_EQ(names, (std::vector<std::string>{"OPENAI_API_KEY", "SMTP_URL"}));
    EXPECT_TRUE(secrets_in("no assignment\n").empty());
}

TEST(Machine, RoomWarnsBeforeItFails) {
    EXPECT_EQ(standing_of({15, 100}), Standing::ok);
    EXPECT_EQ(standing_of({14, 100}), Standing::warn);
    EXPECT_EQ(standing_of({4, 100}), Standing::fail);
    EXPECT_EQ(standing_of({0, 0}), Standing::ok);
    EXPECT_EQ(size_text(840'000'000), "840 MB");
    EXPECT_EQ(size_text(1'300'000'000), "1.3 GB");
}

TEST(Machine, TheFilesOfTheSystemAreRead) {
    const std::string meminfo = "MemTotal:        8000 kB\nMemAvailable:    5000 kB\nSwapTotal: 0 kB\n";
    EXPECT_EQ(kib_in(meminfo, "MemTotal"), 8000u);
    EXPECT_EQ(kib_in(meminfo, "MemAvailable"), 5000u);
    EXPECT_EQ(kib_in(meminfo, "Mem"), std::nullopt);
    const std::string limits =
        "Limit                     Soft Limit           Hard Limit           Units\n"
        "Max open files            1024                 524288               files\n";
    EXPECT_EQ(open_files_in(limits), 1024u);
    EXPECT_EQ(open_files_in("Max open files            unlimited            unlimited            files\n"),
              std::nullopt);
    EXPECT_EQ(open_files_in(""), std::nullopt);
}

TEST(Network, AnAddressToListenOnIsReachedFromThisMachine) {
    using Pair = std::pair<std::string, std::string>;
    EXPECT_EQ(reached_at("0.0.0.0:80"), Pair("127.0.0.1", "80"));
    EXPECT_EQ(reached_at("*:3000"), Pair("127.0.0.1", "3000"));
    EXPECT_EQ(reached_at(":3000"), Pair("127.0.0.1", "3000"));
    EXPECT_EQ(reached_at("[::]:3000"), Pair("::1", "3000"));
    EXPECT_EQ(reached_at("10.0.0.7:3000"), Pair("10.0.0.7", "3000"));
}

TEST(Network, AHeaderThatProtectsNothingIsWeak) {
    client::Reply reply;
    reply.headers = {{"content-security-policy", "default-src 'none'; frame-ancestors 'none'"},
                     {"x-content-type-options", "nosniff"},
                     {"referrer-policy", "no-referrer"}};
    EXPECT_TRUE(weak_headers(reply, false).empty());
    EXPECT_EQ(weak_headers(reply, true), std::vector<std::string>{"Strict-Transport-Security"});
    reply.headers[0].second = "default-src * 'unsafe-inline'";
    EXPECT_EQ(weak_headers(reply, false),
              (std::vector<std::string>{"Content-Security-Policy", "X-Frame-Options"}));
    EXPECT_EQ(weak_headers({}, true).size(), 5u);
}

Finding only(const Findings& findings) {
    const auto all = findings.all();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Finding{} : all.front();
}

Finding version(int number, const char* day) {
    Findings findings;
    judge_version(findings, number, *parse_rfc3339(std::string(day) + "T00:00:00.000000Z"));
    return only(findings);
}

TEST(Database, SupportEndsOnADay) {
    EXPECT_EQ(version(150018, "2026-11-27").standing, Standing::ok);
    const auto soon = version(150018, "2027-06-01");
    EXPECT_EQ(soon.standing, Standing::warn);
    EXPECT_EQ(soon.found, "PostgreSQL 15.18 is mended until 2027-11-11, 163 days more");
    EXPECT_FALSE(soon.fix.empty());
    EXPECT_EQ(version(150018, "2027-12-01").standing, Standing::warn);
    EXPECT_EQ(version(140020, "2026-01-01").standing, Standing::fail);
    EXPECT_EQ(version(990001, "2026-11-27").standing, Standing::ok);
}

Finding schema(int newest, std::int64_t too_new) {
    Findings findings;
    judge_schema(findings, newest, too_new);
    return only(findings);
}

TEST(Database, TheSchemaMustFit) {
    EXPECT_EQ(schema(db::schema_max, 0).standing, Standing::ok);
    EXPECT_EQ(schema(db::schema_max + 1, 0).standing, Standing::ok);
    EXPECT_EQ(schema(db::schema_max + 1, 1).standing, Standing::fail);
    EXPECT_NE(schema(db::schema_min - 1, 0).fix.find("brainbytes db migrate"), std::string::npos);
}

TEST(SideBySide, WhatIsLateSaysSoAndTheOthersStay) {
    const auto let_go = std::make_shared<std::atomic<bool>>(false);
    const std::vector<Check> checks = {
        {"slow", milliseconds(500),
         [let_go](Findings& findings) {
             findings.ok("slow", "begun");
             while (!*let_go) std::this_thread::sleep_for(milliseconds(1));
         },
         "wait"},
        {"broken", milliseconds(5000), [](Findings&) { throw std::runtime_error("it is broken"); }, "mend"},
        {"quick", milliseconds(5000), [](Findings& findings) { findings.ok("quick", "done"); }, ""}};
    const auto looked = look_side_by_side(checks);
    *let_go = true;
    EXPECT_FALSE(looked.all_came_back);
    ASSERT_EQ(looked.findings.size(), 4u);
    EXPECT_EQ(looked.findings[0].found, "begun");
    EXPECT_EQ(looked.findings[1].standing, Standing::fail);
    EXPECT_EQ(looked.findings[1].found, "did not come back within 0.5 s");
    EXPECT_EQ(looked.findings[1].fix, "wait");
    EXPECT_EQ(looked.findings[2].found, "it is broken");
    EXPECT_EQ(looked.findings[3].found, "done");
}

TEST(Report, WhatFailsStandsNextToTheCount) {
    Report report;
    report.seconds = 1.25;
    report.findings = {{"disk", Standing::fail, "full\nof it", "make room"},
                       {"clock", Standing::ok, "right", {}},
                       {"model", Standing::warn, "slow", "wait"},
                       {"headers", Standing::skipped, "not asked", "mend the server"}};
    EXPECT_EQ(to_text(report),
              "ok       clock    right\n"
              "skipped  headers  not asked\n"
              "                  fix: mend the server\n"
              "warn     model    slow\n"
              "                  fix: wait\n"
              "fail     disk     full of it\n"
              "                  fix: make room\n"
              "1 ok, 1 warn, 1 fail, 1 skipped in 1.2 s\n");
    EXPECT_FALSE(report.good());
    const auto again = report_from(to_json(report));
    ASSERT_EQ(again.findings.size(), 4u);
    EXPECT_EQ(again.findings[0].standing, Standing::fail);
    EXPECT_EQ(again.findings[0].found, "full of it");
    EXPECT_EQ(again.findings[3].fix, "mend the server");
    EXPECT_EQ(again.seconds, 1.25);
    for (const char* no : {"", "[]", "{}", "{\"at\":\"x\",\"checks\":[1]}",
                           "{\"at\":\"x\",\"checks\":[{\"name\":\"a\",\"result\":\"odd\"}]}"})
        EXPECT_THROW(report_from(no), std::runtime_error) << no;
}

}  // namespace
}  // namespace bb::watch
