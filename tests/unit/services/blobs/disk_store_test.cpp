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

TEST_F(DiskStoreTest, SweepsWhatNobodyNeedsOnceItIsOld) {
    DiskStore store(folder_);
    const auto kept = store.put(ana_, "kept");
    const auto gone = store.put(ana_, "gone");
    std::ofstream(folder_ / "tmp-left") << "half";
    const auto is_needed = [&](const Uuid& owner, const crypto::Digest& digest) {
        return owner == ana_ && digest == kept;
    };
    EXPECT_EQ(store.sweep(is_needed), 0u);
    EXPECT_EQ(store.sweep(is_needed, std::chrono::seconds(0)), 2u);
    EXPECT_TRUE(store.open(ana_, kept));
    EXPECT_FALSE(store.open(ana_, gone));
}

TEST_F(DiskStoreTest, KeepsAnOpenFileReadableAfterItsRemoval) {
    DiskStore store(folder_);
    const auto digest = store.put(ana_, "text");
    const auto body = store.open(ana_, digest);
    store.sweep([](const Uuid&, const crypto::Digest&) { return false; }, std::chrono::seconds(0));
    EXPECT_EQ(read(*body), "text");
}

}  // namespace
}  // namespace bb::blobs
