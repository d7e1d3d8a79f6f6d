// Files are put where nothing stands, and over nothing.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/core/crypto.hpp"
#include "operations/safety/folder_store.hpp"
#include "operations/safety/vacant_places.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

class Places : public testing::Test {
protected:
    void SetUp() override {
        crypto::initialize();
        folder_ = fs::temp_directory_path() / ("bb-places-" + crypto::random_token(6));
        fs::create_directory(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::size_t count() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
    }
    fs::path folder_;
};

TEST_F(Places, AFileIsPutWholeAndClosed) {
    const auto file = folder_ / "one";
    EXPECT_TRUE(put_where_vacant({file}, "text"));
    EXPECT_EQ(read_small_file(file), "text");
    struct stat status;
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    EXPECT_EQ(status.st_nlink, 1u);
    EXPECT_EQ(count(), 1u);
}

TEST_F(Places, NothingIsReplaced) {
    const auto file = folder_ / "one", link = folder_ / "link";
    std::ofstream(file) << "mine";
    fs::create_symlink(folder_ / "nowhere", link);
    for (const auto& taken : {file, link}) EXPECT_FALSE(put_where_vacant({taken}, "text"));
    EXPECT_EQ(read_small_file(file), "mine");
    EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
    EXPECT_EQ(count(), 2u);
}

TEST_F(Places, WhatAKilledOneLeftIsInNobodysWay) {
    std::ofstream(folder_ / ".one.part") << "half";
    EXPECT_TRUE(put_where_vacant({folder_ / "one"}, "text"));
    EXPECT_EQ(count(), 1u);
}

TEST_F(Places, AFolderThatIsMissingIsTold) {
    EXPECT_THROW(put_where_vacant({folder_ / "none" / "one"}, "text"), std::system_error);
}

// As root another process does it: what that answers is the same.
TEST_F(Places, OneOfTheListIsPut) {
    VacantPlaces places({{folder_ / "one"}, {folder_ / "two", 0640}, {folder_ / "none" / "three"}});
    const std::string long_text(300'000, 'x');
    EXPECT_TRUE(places.put(1, long_text));
    EXPECT_EQ(read_small_file(folder_ / "two"), long_text);
    struct stat status;
    ASSERT_EQ(::stat((folder_ / "two").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640u);
    EXPECT_FALSE(places.put(1, "other"));
    EXPECT_THROW(places.put(2, "text"), std::system_error);
    EXPECT_TRUE(places.put(0, ""));
    EXPECT_EQ(read_small_file(folder_ / "one"), "");
}

}  // namespace
}  // namespace bb::safety
