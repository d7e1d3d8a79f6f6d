// The write-ahead log as it is kept: names, gaps, what can be recovered from it, and what may go.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/core/crypto.hpp"
#include "operations/safety/moment.hpp"
#include "operations/safety/recovery_window.hpp"
#include "operations/safety/retention.hpp"
#include "operations/safety/wal_store.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Lsn megabyte = 1 << 20, segment = 16 * megabyte;
const Time noon = Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26)) + 12h;

WalPiece piece(Lsn from, Lsn to, Time at = noon, std::uint32_t timeline = 1) {
    return {"7712437322504884251", timeline, from, to, at};
}

TEST(WalPositions, AreWrittenAsPostgresqlDoes) {
    EXPECT_EQ(db::lsn_text(0x16B3748), "0/16B3748");
    EXPECT_EQ(db::lsn_text(0x5'0000'00FF), "5/FF");
    EXPECT_EQ(db::parse_lsn("5/FF"), 0x5'0000'00FFu);
    for (const char* wrong : {"", "5", "/", "5/", "/5", "5/G", "5/1/2", "123456789/0"})
        EXPECT_FALSE(db::parse_lsn(wrong)) << wrong;
}

TEST(WalPositions, SegmentsAreNamedAsPostgresqlNamesThem) {
    EXPECT_EQ(segment_file(1, 5 * segment, segment), "000000010000000000000005");
    EXPECT_EQ(segment_file(0x1A, (Lsn{3} << 32) + 255 * segment + 7, segment), "0000001A00000003000000FF");
    const auto start = segment_start("0000001A00000003000000FF", segment);
    ASSERT_TRUE(start);
    EXPECT_EQ(start->timeline, 0x1Au);
    EXPECT_EQ(start->at, (Lsn{3} << 32) + 255 * segment);
    for (const char* other : {"00000002.history", "", "0000000100000000000000", "00000001000000000000000G"})
        EXPECT_FALSE(segment_start(other, segment)) << other;
}

TEST(Moments, AreTakenInAnyFormOfRfc3339) {
    for (const char* same : {"2026-11-26T12:00:00Z", "2026-11-26T12:00:00.0Z", "2026-11-26 12:00:00z",
                             "2026-11-26T13:30:00+01:30", "2026-11-26t05:00:00.000000000-07:00"})
        EXPECT_EQ(parse_moment(same), noon) << same;
    EXPECT_EQ(parse_moment("2026-11-26T12:00:00.25Z"), noon + 250ms);
    EXPECT_EQ(parse_moment("2026-11-26T12:00:00.1234569Z"), noon + 123456us);
    for (const char* none : {"", "latest", "2026-11-26", "2026-11-26T12:00:00", "2026-11-26T12:00:00.Z",
                             "2026-13-26T12:00:00Z", "2026-11-26T12:00:00+1:00", "2026-11-26T12:00:00+24:00",
                             "2026-11-26T12:00:00Z ", "2026-11-26T12:00:00+-1:00"})
        EXPECT_FALSE(parse_moment(none)) << none;
}

TEST(WalPieces, ANameSaysAllOfAPieceAndNothingElseIsOne) {
    const auto one = piece(0x3010000, 0x3010B08, noon + 123456us, 2);
    EXPECT_EQ(one.name(),
              "wal/7712437322504884251/00000002-0000000003010000-0000000003010B08-20261126T120000.123456Z");
    const auto read = wal_piece_named(one.name());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->name(), one.name());
    for (std::string wrong : {"", "wal/", "wal/1/quiet", "wal/1/00000002-0000000003010000-0000000003010B08",
                              "other/1/00000002-0000000003010000-0000000003010B08-20261126T120000.123456Z",
                              "wal/1/00000002-0000000003010B08-0000000003010000-20261126T120000.123456Z",
                              "wal/1/00000002-0000000003010000-0000000003010B08-20261326T120000.123456Z"})
        EXPECT_FALSE(wal_piece_named(wrong)) << wrong;
}

TEST(WalPieces, AreReachedAsFarAsThereIsNoGap) {
    const std::vector<WalPiece> pieces = {piece(0, 16),  piece(20, 30),
                                          piece(16, 18), piece(17, 20, noon + 1s),
                                          piece(31, 40), piece(0, 60, noon, 2)};
    EXPECT_EQ(reach(pieces, 1, 0)->to, 30u);
    EXPECT_EQ(reach(pieces, 1, 5)->to, 30u);
    EXPECT_EQ(reach(pieces, 1, 31)->to, 40u);
    EXPECT_FALSE(reach(pieces, 1, 30)) << "a gap of one byte";
    EXPECT_FALSE(reach(pieces, 1, 40));
    EXPECT_FALSE(reach(pieces, 3, 0)) << "another timeline";
    EXPECT_FALSE(reach({}, 1, 0));
}

TEST(WalPieces, AsFewAsCanBeCoverAStretch) {
    const std::vector<WalPiece> pieces = {piece(0, 4), piece(4, 8), piece(8, 12), piece(0, 12),
                                          piece(12, 14)};
    const auto chosen = cover(pieces, 1, 0, 16);
    ASSERT_EQ(chosen.size(), 2u);
    EXPECT_EQ(chosen[0].to, 12u);
    EXPECT_EQ(chosen[1].to, 14u);
    EXPECT_TRUE(cover(pieces, 1, 14, 16).empty());
}

RecoveryWindow window(std::string id, Time from, Time to) {
    RecoveryWindow made;
    made.base.id = std::move(id);
    made.from = from;
    made.to = to;
    return made;
}

TEST(RecoveryWindows, TheNewestBackupBeforeAMomentIsTheShortestWayToIt) {
    const std::vector<RecoveryWindow> windows = {
        window("a", noon, noon + 9h), window("b", noon + 4h, noon + 9h), window("c", noon + 20h, noon + 30h)};
    EXPECT_EQ(window_for(windows, noon, "here")->base.id, "a");
    EXPECT_EQ(window_for(windows, noon + 3h, "here")->base.id, "a");
    EXPECT_EQ(window_for(windows, noon + 9h, "here")->base.id, "b");
    EXPECT_EQ(window_for(windows, std::nullopt, "here")->base.id, "c");
    for (const auto outside : {noon - 1us, noon + 9h + 1us, noon + 31h}) {
        const auto refused = window_for(windows, outside, "here");
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().detail.find(
                      "any second from 2026-11-26T12:00:00.000000Z to 2026-11-26T21:00:00.000000Z, and from "
                      "2026-11-27T08:00:00.000000Z to 2026-11-27T18:00:00.000000Z"),
                  std::string::npos)
            << refused.error().detail;
    }
    EXPECT_FALSE(window_for({}, std::nullopt, "here"));
}

std::vector<std::string> kept_physical(std::vector<Candidate> backups, Time at) {
    std::vector<std::string> kept;
    for (const auto& one : sort_out_physical(std::move(backups), at, 7))
        if (one.kept) kept.push_back(one.id);
    return kept;
}

TEST(PhysicalRetention, KeepsThoseThatTheLastDaysBeginWith) {
    std::vector<Candidate> backups;
    for (int day = 0; day <= 30; day += 3)
        backups.push_back({std::to_string(day), noon - std::chrono::days(day)});
    EXPECT_EQ(kept_physical(backups, noon), (std::vector<std::string>{"9", "6", "3", "0"}))
        << "of day 9: days 6 to 7 begin there";
}

TEST(PhysicalRetention, TheNewestHeldAndDamagedOnesStay) {
    const auto verdicts = sort_out_physical({{"held", noon - 2400h, true, true},
                                             {"damaged", noon - 2300h, false},
                                             {"old", noon - 2200h},
                                             {"begin", noon - 2190h},
                                             {"newest", noon - 2020h},
                                             {"future", noon + 48h}},
                                            noon, 7);
    std::vector<std::string> gone;
    for (const auto& one : verdicts)
        if (!one.kept) gone.push_back(one.id);
    EXPECT_EQ(gone, std::vector<std::string>{"old"});
}

TEST(PhysicalRetention, AClockThatJumpedAheadRemovesNoneThatIsNeeded) {
    std::vector<Candidate> backups;
    for (int week = 0; week <= 4; ++week)
        backups.push_back({std::to_string(week), noon - std::chrono::days(7 * week)});
    const std::vector<std::string> needed = {"1", "0"};
    for (const int days : {0, 6, 10, 365, 36500})
        EXPECT_EQ(kept_physical(backups, noon + std::chrono::days(days)), needed) << days;
    // One was made by it, and others, since a place did not take them.
    std::vector<std::string> kept = needed;
    for (const int hours : {0, 1, 30}) {
        const auto at = noon + 8760h + std::chrono::hours(hours);
        backups.push_back({fmt::format("by it {}", hours), at});
        kept.push_back(backups.back().id);
        EXPECT_EQ(kept_physical(backups, at), kept);
    }
    EXPECT_EQ(kept_physical(backups, noon + 40h),
              (std::vector<std::string>{"1", "0", "by it 0", "by it 1", "by it 30"}));
    // By the second one that is a week later nothing of before is needed, whatever the clock is.
    backups.push_back({"a week later", noon + 8760h + 30h + 168h});
    EXPECT_EQ(kept_physical(backups, backups.back().created_at),
              (std::vector<std::string>{"by it 30", "a week later"}));
}

class WalPlace : public testing::Test {
protected:
    void SetUp() override {
        crypto::initialize();
        folder_ = fs::temp_directory_path() / ("bb-wal-" + crypto::random_token(6));
        fs::create_directory(folder_);
        make_backup_key(folder_ / "key");
        keys_ = read_backup_keys(folder_ / "key");
        place_.emplace(folder_ / "place");
        place_->prepare();
    }
    void TearDown() override { fs::remove_all(folder_); }

    StoredBackup physical(Lsn from, std::uint32_t timeline = 1) {
        StoredBackup backup;
        backup.manifest.emplace();
        backup.manifest->wal.emplace();
        backup.manifest->wal->system = piece(0, 1).system;
        backup.manifest->wal->timeline = timeline;
        backup.manifest->wal->from = from;
        backup.manifest->wal->segment_size = segment;
        return backup;
    }

    fs::path folder_;
    BackupKeys keys_;
    std::optional<Destination> place_;
};

TEST_F(WalPlace, WhatIsPutIsReadBackAndNothingThatWasChanged) {
    std::string bytes;
    for (int i = 0; i < 30000; ++i) bytes += std::to_string(i);
    const auto one = piece(100, 100 + bytes.size());
    put_wal(*place_, one, bytes, keys_.recipients);
    ASSERT_EQ(list_wal(*place_).size(), 1u);
    EXPECT_EQ(open_wal(*place_, list_wal(*place_, one.system)[0], keys_), bytes);
    EXPECT_TRUE(list_wal(*place_, "another").empty());
    EXPECT_GT(wal_bytes(*place_), 1000u);

    make_backup_key(folder_ / "other");
    EXPECT_THROW(open_wal(*place_, one, read_backup_keys(folder_ / "other")), std::runtime_error);
    const auto file = folder_ / "place" / one.name();
    const auto size = fs::file_size(file);
    for (std::size_t at = 0; at < size; at += 1 + size / 97) {
        const auto flip = [&] {
            std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
            stream.seekg(static_cast<std::streamoff>(at));
            const char byte = static_cast<char>(stream.get() ^ 4);
            stream.seekp(static_cast<std::streamoff>(at));
            stream.put(byte);
        };
        flip();
        EXPECT_THROW(open_wal(*place_, one, keys_), std::runtime_error) << at;
        flip();
    }
    // The name is sealed along with the bytes: a piece does not pass for another stretch or another time.
    auto renamed = one;
    renamed.at += 1s;
    fs::rename(file, folder_ / "place" / renamed.name());
    EXPECT_THROW(open_wal(*place_, renamed, keys_), std::runtime_error);
    EXPECT_THROW(open_wal(*place_, one, keys_), std::runtime_error) << "it is gone";
}

TEST_F(WalPlace, TheLogThatNoKeptBackupBeginsWithGoes) {
    for (Lsn at = 0; at < 6; ++at)
        put_wal(*place_, piece(at * segment, (at + 1) * segment), "x", keys_.recipients);
    put_wal(*place_, piece(0, segment, noon, 2), "x", keys_.recipients);
    const std::vector<StoredBackup> kept = {physical(4 * segment + 5), physical(3 * segment + 77)};
    EXPECT_EQ(prune_wal(*place_, kept, true), 4u) << "three before, and another timeline";
    EXPECT_EQ(list_wal(*place_).size(), 7u) << "only said";
    EXPECT_EQ(prune_wal(*place_, kept, false), 4u);
    EXPECT_EQ(list_wal(*place_).front().from, 3 * segment);
    auto damaged = kept;
    damaged.emplace_back();
    EXPECT_EQ(prune_wal(*place_, damaged, false), 0u) << "nobody knows what a damaged one needs";
    Manifest logical;
    logical.id = damaged.back().id = "20261126T071500Z-1a2b3c";
    damaged.back().manifest_text = sign_manifest(logical, secrets::Key::random());
    put_wal(*place_, piece(0, segment), "x", keys_.recipients);
    EXPECT_EQ(prune_wal(*place_, damaged, false), 1u) << "of this one it is known that it needs none";
    EXPECT_EQ(prune_wal(*place_, {}, false), 3u);
}

}  // namespace
}  // namespace bb::safety
