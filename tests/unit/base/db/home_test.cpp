#include "base/db/home.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/db/found_home.hpp"
#include "unit/support/unprivileged.hpp"

namespace bb::db {
namespace {

namespace fs = std::filesystem;

/// Runs in a process of its own, because opening as root gives root up: what open() complained of, or "".
std::string opened(const fs::path& data, Home::Use use = Home::Use::server) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("pipe");
    const pid_t pid = fork();
    if (pid == 0) {
        crypto::initialize();
        auto config =
            config::Config::load({{"BRAINBYTES_DATA", data}, {"DATABASE_URL", "postgresql://x/y"}}, "/")
                .value();
        const auto home = Home::open(config, use, [](std::string_view) {});
        const auto words = home ? std::string() : home.error().detail;
        std::_Exit(::write(ends[1], words.data(), words.size()) < 0 ? 1 : 0);
    }
    close(ends[1]);
    std::string words(4096, '\0');
    const auto bytes = ::read(ends[0], words.data(), words.size());
    words.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    close(ends[0]);
    waitpid(pid, nullptr, 0);
    return words;
}

uid_t owner_of(const fs::path& path) {
    struct stat status {};
    stat(path.c_str(), &status);
    return status.st_uid;
}

/// A folder of root's inside one that every account may enter.
class RootsFolder : public testing::Test {
protected:
    void SetUp() override {
        if (!privileges::is_root()) GTEST_SKIP() << "needs root";
        fs::permissions(outer.path, fs::perms(0755));
        fs::create_directories(data);
        fs::permissions(data, fs::perms(0755));
    }

    test::Folder outer;
    fs::path data = outer.path / "data";
};

TEST_F(RootsFolder, WithOtherThingsIsLeftAlone) {
    fs::create_directories(data / "lib/cache");
    fs::create_directories(outer.path / "locks");
    std::ofstream(outer.path / "locks/server.lock") << "1\n";
    fs::create_directory_symlink(outer.path / "locks", data / "run");  // as /var/run
    EXPECT_NE(opened(data).find("it is left alone"), std::string::npos);
    EXPECT_EQ(owner_of(data), 0u);
    EXPECT_EQ(owner_of(data / "lib/cache"), 0u);
    EXPECT_EQ(fs::status(data).permissions(), fs::perms(0755));
}

TEST_F(RootsFolder, IsTakenWhenItIsEmptyOrAVolumeThatWasJustMade) {
    fs::create_directories(data / "lost+found");
    EXPECT_EQ(opened(data), "");
    EXPECT_NE(owner_of(data), 0u);
    EXPECT_EQ(fs::status(data).permissions(), fs::perms::owner_all);
}

TEST_F(RootsFolder, IsTakenWithWhatCommandsLeaveBeforeThereWasAServer) {
    for (const char* file : {"trust/0123.pub", "stages/production.jsonl", "verifications/here.json",
                             "releases/.lock", "assets/page.js"}) {
        fs::create_directories((data / file).parent_path());
        std::ofstream(data / file) << "x\n";
    }
    EXPECT_EQ(opened(data), "");
    EXPECT_NE(owner_of(data / "trust/0123.pub"), 0u);
}

TEST_F(RootsFolder, WithFoldersOfTheSameNameAndOtherThingsInThemIsLeftAlone) {
    for (const char* file : {"trust/key.pem", "stages/one.txt", "releases/2026/page.html", "assets/a.js"}) {
        fs::remove_all(data);
        fs::create_directories((data / file).parent_path());
        std::ofstream(data / file) << "x\n";
        EXPECT_NE(opened(data).find("it is left alone"), std::string::npos) << file;
        EXPECT_EQ(owner_of(data / file), 0u);
    }
}

TEST_F(RootsFolder, IsTakenWithEverythingInItWhenItIsOurs) {
    fs::create_directories(data / "postgres/base");
    std::ofstream(data / "postgres/PG_VERSION") << "15\n";
    EXPECT_EQ(opened(data), "");
    EXPECT_NE(owner_of(data / "postgres/base"), 0u);
}

TEST(Home, LeavesAFolderOfItsOwnAccountAloneThatIsUsedForSomethingElse) {
    const test::Folder folder;
    fs::permissions(folder.path, fs::perms(0755));
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        std::ofstream(folder.path / "letter.txt") << "Dear Ana";
        EXPECT_NE(opened(folder.path).find("it is left alone"), std::string::npos);
        EXPECT_EQ(fs::status(folder.path).permissions(), fs::perms(0755));
        fs::remove(folder.path / "letter.txt");
        EXPECT_EQ(opened(folder.path), "");
        EXPECT_EQ(opened(folder.path), "");  // with what the first start left
    }));
}

TEST(Home, KnowsAFolderAgainInWhichACommandWasTheFirst) {
    const test::Folder folder;
    fs::permissions(folder.path, fs::perms(0755));
    EXPECT_TRUE(test::as_unprivileged(folder.path, [&] {
        EXPECT_EQ(opened(folder.path, Home::Use::command), "");
        std::ofstream(folder.path / "backup.key") << "private";
        EXPECT_EQ(opened(folder.path), "");
        const auto made = folder.path / "made";
        const auto config = config::Config::load({{"BRAINBYTES_DATA", made}}, "/").value();
        mark_data_folder(config);
        EXPECT_EQ(fs::status(made).permissions(), fs::perms::owner_all);
        fs::create_directory(made / "releases");
        EXPECT_EQ(opened(made), "");
        // What was somebody else's before does not become ours by it.
        const auto foreign = folder.path / "foreign";
        fs::create_directories(foreign / "letters");
        mark_data_folder(config::Config::load({{"BRAINBYTES_DATA", foreign}}, "/").value());
        EXPECT_NE(opened(foreign).find("it is left alone"), std::string::npos);
    }));
}

}  // namespace
}  // namespace bb::db
