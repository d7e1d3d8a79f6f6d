#include "operations/deploy/ledger.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/core/process.hpp"
#include "unit/support/unprivileged.hpp"

namespace bb::deploy {
namespace {

TEST(Ledger, KeepsWhatWasDone) {
    const test::Folder folder;
    const Ledger ledger(folder.path / "ledger.jsonl");
    EXPECT_TRUE(ledger.read().empty());
    ledger.add({.deployment = "d1", .release = "one", .step = "keep", .result = "done", .seconds = 1.5});
    ledger.add(
        {.release = "two", .step = "keep", .result = "done", .who = "supervisor", .detail = "a \"b\""});
    const auto entries = ledger.read();
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].deployment, "d1");
    EXPECT_EQ(entries[0].seconds, 1.5);
    EXPECT_NE(entries[0].who.find('@'), std::string::npos);
    EXPECT_EQ(entries[1].who, "supervisor");
    EXPECT_EQ(entries[1].detail, "a \"b\"");
    EXPECT_GT(entries[1].at, Time{});
    EXPECT_EQ(release_before(entries, "two"), "one");
    EXPECT_EQ(release_before(entries, "one"), "");
    EXPECT_EQ(release_before({}, "one"), "");
}

TEST(Ledger, KeepsTheSchemaOfARelease) {
    const test::Folder folder;
    const Ledger ledger(folder.path / "ledger.jsonl");
    ledger.add({.release = "one", .step = "keep", .result = "done", .schema_min = 18, .schema_max = 26});
    ledger.add({.release = "two", .step = "keep", .result = "done"});
    const auto entries = ledger.read();
    EXPECT_EQ(entries[0].schema_min, 18);
    EXPECT_EQ(entries[0].schema_max, 26);
    EXPECT_EQ(entries[1].schema_max, 0);
    EXPECT_EQ(to_json(entries[1]).find("schema"), std::string::npos);
}

TEST(Ledger, AReleaseThatWasGoneBackFromIsNotGoneBackTo) {
    std::vector<LedgerEntry> entries;
    for (const char* release : {"one", "two", "three", "two"})
        entries.push_back({.release = release, .step = "keep", .result = "done"});
    EXPECT_EQ(release_before(entries, "two"), "one");
    entries.push_back({.release = "four", .step = "keep", .result = "done"});
    EXPECT_EQ(release_before(entries, "four"), "two");
    entries.push_back({.release = "five", .step = "keep", .result = "failed"});
    EXPECT_EQ(release_before(entries, "program"), "four");
    EXPECT_EQ(way_back(entries, "four", 5), (std::vector<std::string>{"two", "one"}));
    EXPECT_EQ(way_back(entries, "four", 1), std::vector<std::string>{"two"});
    EXPECT_TRUE(way_back(entries, "one", 5).empty());
    EXPECT_TRUE(way_back({}, "", 5).empty());
}

TEST(Ledger, ALineThatWasCutOffSpoilsNoOther) {
    const test::Folder folder;
    const Ledger ledger(folder.path / "ledger.jsonl");
    ledger.add({.release = "one", .step = "start", .result = "done"});
    std::ofstream(folder.path / "ledger.jsonl", std::ios::app) << R"({"at":"2026-01-)";
    ledger.add({.release = "two", .step = "start", .result = "done"});
    const auto entries = ledger.read();
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[1].release, "two");
}

TEST(Ledger, TellsWhatHasNoEnd) {
    const test::Folder folder;
    const Ledger ledger(folder.path / "ledger.jsonl");
    ledger.begin({.deployment = "d1", .release = "one", .step = "deploy"});
    ledger.begin({.deployment = "d1", .release = "one", .step = "host", .host = "a"});
    ledger.begin({.deployment = "d1", .release = "one", .step = "host", .host = "b"});
    ledger.add({.deployment = "d1", .release = "one", .step = "host", .result = "done", .host = "a"});
    auto entries = ledger.read();
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[0].result, "under way");
    EXPECT_EQ(entries[1].host, "b");
    EXPECT_EQ(entries[2].result, "done");
    EXPECT_EQ(broken_off(entries), "");
    entries[0].result = "broken off";
    EXPECT_EQ(broken_off(entries), "one");
    entries.push_back({.release = "two", .step = "deploy", .result = "done"});
    EXPECT_EQ(broken_off(entries), "");
}

TEST(Ledger, KnowsWhenAProcessHasEnded) {
    const auto own = process::own_name();
    EXPECT_FALSE(process::has_ended(own));
    EXPECT_FALSE(process::has_ended(own + "/more"));
    EXPECT_TRUE(process::has_ended(own + "0"));  // a later one with its number
    EXPECT_FALSE(process::has_ended("other" + own));
    EXPECT_FALSE(process::has_ended("exams-1"));
    EXPECT_FALSE(process::has_ended(""));
}

}  // namespace
}  // namespace bb::deploy
