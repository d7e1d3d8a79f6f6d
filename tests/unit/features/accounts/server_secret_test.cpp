#include "features/accounts/server_secret.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

namespace {

using namespace bb;

class ServerSecret : public ::testing::Test {
protected:
    void SetUp() override {
        char folder[] = "/tmp/bb-secret-XXXXXX";
        ASSERT_NE(mkdtemp(folder), nullptr);
        folder_ = folder;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string folder_;
};

TEST_F(ServerSecret, IsMadeOnceAndKeptForItsOwnerAlone) {
    const auto secret = accounts::kept_secret(folder_);
    EXPECT_EQ(secret.size(), 43u);
    EXPECT_EQ(accounts::kept_secret(folder_), secret);

    struct stat file {};
    ASSERT_EQ(stat((folder_ + "/secret").c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0600u);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(ServerSecret, SaysWhenTheFolderIsMissing) {
    EXPECT_THROW(accounts::kept_secret(folder_ + "/missing"), std::system_error);
}

TEST_F(ServerSecret, OfTheConfigurationComesFirst) {
    auto given = config::Config::load({{"BRAINBYTES_SECRET", "given"}}, folder_);
    EXPECT_EQ(accounts::server_secret(given.value()), "given");
    const std::string url = "postgresql://user:password@db.example/brainbytes";
    auto shared = config::Config::load({{"DATABASE_URL", url}, {"BRAINBYTES_DATA", folder_}}, folder_);
    auto peer = config::Config::load({{"DATABASE_URL", url}, {"BRAINBYTES_DATA", "/elsewhere"}}, folder_);
    EXPECT_EQ(accounts::server_secret(shared.value()), accounts::server_secret(peer.value()));
    auto kept = config::Config::load({{"BRAINBYTES_DATA", folder_}}, folder_);
    EXPECT_EQ(accounts::server_secret(kept.value()), accounts::kept_secret(folder_));
}

}  // namespace
