#include "base/core/log_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "base/core/log.hpp"

namespace bb::log {
namespace {

namespace fs = std::filesystem;

class LogFilesTest : public testing::Test {
protected:
    void SetUp() override {
        std::string form = (fs::temp_directory_path() / "bb-logs-XXXXXX").string();
        ASSERT_NE(::mkdtemp(form.data()), nullptr);
        folder = fs::path(form) / "logs";
        limits.room_left = 0;
    }
    void TearDown() override { fs::remove_all(folder.parent_path()); }

    std::vector<fs::path> files() const {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator(folder)) found.push_back(entry.path());
        std::sort(found.begin(), found.end());
        return found;
    }
    std::string text() const {
        std::string all;
        for (const auto& file : files()) {
            std::ifstream in(file);
            all.append(std::istreambuf_iterator<char>(in), {});
        }
        return all;
    }

    fs::path folder;
    FileLimits limits;
};

TEST_F(LogFilesTest, KeepsWhatCameBeforeTheFolderWasKnown) {
    LogFiles log;
    log.write("first\n");
    log.open(folder, limits);
    log.write("");
    EXPECT_EQ(text(), "first\n");
    struct stat state {};
    ASSERT_EQ(::stat(folder.c_str(), &state), 0);
    EXPECT_EQ(state.st_mode & 0777, 0700u);
    ASSERT_EQ(files().size(), 1u);
    EXPECT_TRUE(LogFiles::is_ours(files()[0].filename().string()));
    ASSERT_EQ(::stat(files()[0].c_str(), &state), 0);
    EXPECT_EQ(state.st_mode & 0777, 0600u);
}

TEST_F(LogFilesTest, BeginsAFileWhenOneIsFullAndRemovesWhatIsTooMuch) {
    limits.file_bytes = 1000;
    limits.total_bytes = 2500;
    LogFiles log;
    log.open(folder, limits);
    const std::string line = std::string(399, 'x') + '\n';
    for (int i = 0; i < 20; ++i) log.write(line);
    std::uint64_t bytes = 0;
    for (const auto& file : files()) {
        EXPECT_LE(fs::file_size(file), 1000u);
        bytes += fs::file_size(file);
    }
    EXPECT_GE(files().size(), 2u);
    EXPECT_LE(bytes, 2500u + 1000u);
}

TEST_F(LogFilesTest, RemovesWhatIsTooOldAndNothingElse) {
    fs::create_directory(folder);
    const auto make = [&](const char* name, int days) {
        std::ofstream(folder / name) << "x\n";
        fs::last_write_time(folder / name, fs::file_time_type::clock::now() - std::chrono::hours(24 * days));
    };
    make("20200101T000000Z-00000001.jsonl", 15);
    make("20200102T000000Z-00000001.jsonl", 13);
    make("20200101T000000Z-00000001.jsonl.gz", 15);
    make("notes.txt", 15);
    LogFiles log;
    log.open(folder, limits);
    log.write("now\n");
    EXPECT_FALSE(fs::exists(folder / "20200101T000000Z-00000001.jsonl"));
    EXPECT_TRUE(fs::exists(folder / "20200102T000000Z-00000001.jsonl"));
    EXPECT_TRUE(fs::exists(folder / "20200101T000000Z-00000001.jsonl.gz"));
    EXPECT_TRUE(fs::exists(folder / "notes.txt"));
}

TEST_F(LogFilesTest, LeavesTheRestOfTheDiskToOthers) {
    limits.room_left = std::uint64_t(1) << 60;
    LogFiles log;
    log.open(folder, limits);
    log.write("lost\n");
    log.write("lost too\n");
    EXPECT_TRUE(files().empty());
}

TEST_F(LogFilesTest, SaysOnceThatNothingIsKeptAndOnceThatItIsAgain) {
    std::vector<std::string> told;
    LogFiles log([&](const fs::path& where, std::string_view fault) {
        EXPECT_EQ(where, folder);
        told.emplace_back(fault);
    });
    log.open(folder, limits);
    const std::string no_folder = "it cannot be opened: Not a directory";
    const auto next_look = [] {
        std::this_thread::sleep_for(std::chrono::milliseconds(1'050));
    };
    std::ofstream(folder) << "in the way";
    log.write("lost\n");
    log.write("lost too\n");
    next_look();
    log.write("lost still\n");
    EXPECT_EQ(told, std::vector<std::string>{no_folder});
    fs::remove(folder);
    next_look();
    log.write("kept\n");
    log.write("kept too\n");
    EXPECT_EQ(told, (std::vector<std::string>{no_folder, ""}));
    EXPECT_NE(text().find("\"lines\":3}\nkept\nkept too\n"), std::string::npos);
    fs::remove_all(folder);
    std::ofstream(folder) << "in the way";
    next_look();
    log.write("lost\n");
    EXPECT_EQ(told, (std::vector<std::string>{no_folder, "", no_folder}));
}

TEST_F(LogFilesTest, SaysThatADiskIsNearlyFull) {
    std::vector<std::string> told;
    LogFiles log([&](const fs::path&, std::string_view fault) { told.emplace_back(fault); });
    limits.room_left = std::uint64_t(1) << 60;
    log.open(folder, limits);
    log.write("lost\n");
    EXPECT_EQ(told, std::vector<std::string>{"its disk is nearly full: No space left on device"});
}

TEST_F(LogFilesTest, WhatIsNotKeptIsToldOnStderr) {
    for (const auto format : {Format::json, Format::text}) {
        std::ofstream(folder) << "in the way";
        ::testing::internal::CaptureStderr();
        start(Level::error, format, true);
        error("early");
        keep_in(folder, limits);
        error("line");
        stop();
        const auto seen = ::testing::internal::GetCapturedStderr();
        EXPECT_EQ(std::count(seen.begin(), seen.end(), '\n'), 3) << seen;
        EXPECT_NE(seen.find("no log lines are kept"), std::string::npos) << seen;
        EXPECT_NE(seen.find(folder.string()), std::string::npos) << seen;
        EXPECT_NE(seen.find("Not a directory"), std::string::npos) << seen;
    }
}

TEST_F(LogFilesTest, StaysOutOfAFolderThatIsALink) {
    fs::create_directory(folder.parent_path() / "elsewhere");
    fs::create_directory_symlink(folder.parent_path() / "elsewhere", folder);
    LogFiles log;
    log.open(folder, limits);
    log.write("line\n");
    EXPECT_TRUE(files().empty());
}

TEST_F(LogFilesTest, LinesOfManyThreadsArriveWholeBesideStderr) {
    ::testing::internal::CaptureStderr();
    start(Level::info, Format::text, true);
    info("early");
    keep_in(folder, limits);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([]() {
            for (int n = 0; n < 500; ++n) info("line", {{"n", n}});
        });
    for (auto& thread : threads) thread.join();
    stop();
    const auto seen = ::testing::internal::GetCapturedStderr();
    const auto kept = text();
    EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 2001);
    EXPECT_NE(kept.find("\"event\":\"early\""), std::string::npos);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), '\n'), 2001);
    EXPECT_EQ(seen.find('{'), std::string::npos);
}

}  // namespace
}  // namespace bb::log
