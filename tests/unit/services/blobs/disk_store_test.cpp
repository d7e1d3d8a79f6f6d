#include "services/blobs/disk_store.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace bb::blobs {
namespace {

namespace fs = std::filesystem;

class DiskStoreTest : public ::testing::Test {
protected:
    DiskStoreTest() {
        crypto::initialize();
        char name[] = "/tmp/bb-blobs-XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    ~DiskStoreTest() override { fs::remove_all(folder_); }

    std::size_t files() const {
        std::size_t n = 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder_))
            n += entry.is_regular_file() && entry.path().filename() != ".lock";
        return n;
    }
    static std::string read(const http::FileBody& body) {
        std::string text(body.size, '\0');
        EXPECT_EQ(::pread(*body.descriptor, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
        return text;
    }

    fs::path folder_;
    const Uuid ana_ = Uuid::make();
    const Uuid ben_ = Uuid::make();
};

TEST_F(DiskStoreTest, GivesBackWhatWasPut) {
    DiskStore store(folder_ / "files");
    const std::string bytes("a\0b\xff", 4);
    const auto digest = store.put(ana_, bytes);
    EXPECT_EQ(digest, crypto::sha256(bytes));
    const auto body = store.open(ana_, digest);
    ASSERT_TRUE(body);
    EXPECT_EQ(read(*body), bytes);
    EXPECT_EQ(fs::status(folder_ / "files").permissions(), fs::perms::owner_all);
}

TEST_F(DiskStoreTest, KeepsTheSameContentOncePerOwner) {
    DiskStore store(folder_);
    const auto digest = store.put(ana_, "same");
    EXPECT_EQ(store.put(ana_, "same"), digest);
    EXPECT_EQ(files(), 1u);
    EXPECT_FALSE(store.open(ben_, digest));
    store.put(ben_, "same");
    EXPECT_EQ(files(), 2u);
}

TEST_F(DiskStoreTest, DiscardsAndErasesOnlyWhatIsOldEnough) {
    DiskStore store(folder_);
    const auto digest = store.put(ana_, "text");
    std::ofstream(folder_ / "tmp-left") << "half";
    const std::chrono::hours hour(1);
    EXPECT_TRUE(store.older_than(hour).empty());
    EXPECT_EQ(store.remove_leftovers(hour), 0u);
    const auto old = store.older_than(std::chrono::seconds(0));
    ASSERT_EQ(old.size(), 1u);
    EXPECT_EQ(old[0].owner, ana_);
    EXPECT_EQ(old[0].digest, digest);
    EXPECT_FALSE(store.discard(old[0], hour));
    const auto open = store.open(ana_, digest);
    EXPECT_TRUE(store.discard(old[0], std::chrono::seconds(0)));
    EXPECT_TRUE(store.older_than(std::chrono::seconds(0)).empty());
    ASSERT_EQ(store.discarded(std::chrono::seconds(0)).size(), 1u);
    EXPECT_TRUE(store.discarded(hour).empty());
    EXPECT_FALSE(store.erase(old[0], hour));
    EXPECT_TRUE(store.open(ana_, digest));
    EXPECT_TRUE(store.erase(old[0], std::chrono::seconds(0)));
    EXPECT_FALSE(store.open(ana_, digest));
    EXPECT_EQ(read(*open), "text");  // who has it open reads on
    EXPECT_EQ(store.remove_leftovers(std::chrono::seconds(0)), 1u);
}

TEST_F(DiskStoreTest, TakesBackWhatWasDiscarded) {
    DiskStore store(folder_);
    const DiskStore::Stored file{ana_, store.put(ana_, "text")};
    EXPECT_FALSE(store.take_back(file));
    EXPECT_TRUE(store.discard(file, std::chrono::seconds(0)));
    EXPECT_TRUE(store.take_back(file));
    EXPECT_FALSE(store.take_back(file));
    EXPECT_TRUE(store.discarded(std::chrono::seconds(0)).empty());
    EXPECT_EQ(store.older_than(std::chrono::seconds(0)).size(), 1u);
    EXPECT_TRUE(store.older_than(std::chrono::hours(1)).empty());
    EXPECT_TRUE(store.open(ana_, file.digest));
}

TEST_F(DiskStoreTest, NotesTheDatabaseOfItsFiles) {
    DiskStore store(folder_);
    EXPECT_EQ(store.database(), "");
    store.set_database("one");
    store.set_database("two");
    EXPECT_EQ(DiskStore(folder_).database(), "two");
    EXPECT_TRUE(store.older_than(std::chrono::seconds(0)).empty());
}

}  // namespace
}  // namespace bb::blobs
