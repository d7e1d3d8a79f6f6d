#include "services/blobs/stores.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "services/blobs/bucket_store.hpp"
#include "services/blobs/disk_store.hpp"
#include "unit/support/bucket.hpp"

namespace bb::blobs {
namespace {

namespace fs = std::filesystem;

/// Lets somebody else work just before it is looked into.
class Watched : public DiskStore {
public:
    using DiskStore::DiskStore;
    std::optional<http::FileBody> open(const Uuid& owner, const crypto::Digest& digest,
                                       const std::optional<secrets::Key>& key) const override {
        if (before_open) before_open();
        return DiskStore::open(owner, digest, key);
    }
    std::function<void()> before_open;
};

class StoresTest : public ::testing::Test {
protected:
    StoresTest() {
        crypto::initialize();
        fs::create_directories(folder_);
    }
    ~StoresTest() override { fs::remove_all(folder_); }

    Stored put(Store& store, std::string_view text) const {
        const Stored file{owner_, crypto::sha256(text)};
        const auto content = http::source_of(text);
        store.put(file.owner, file.digest, *content, key_);
        return file;
    }

    const fs::path folder_ = fs::temp_directory_path() / ("bb-stores-" + crypto::random_token(6));
    const secrets::Key key_ = secrets::Key::random();
    const Uuid owner_ = Uuid::make();
};

TEST_F(StoresTest, FindAFileThatIsMovedWhileTheyLook) {
    const auto current = std::make_shared<DiskStore>(folder_ / "current");
    const auto former = std::make_shared<Watched>(folder_ / "former");
    const Stores stores({current, former});
    const auto file = put(*former, "text");
    former->before_open = [&] {
        const auto sealed = former->DiskStore::open(file.owner, file.digest, std::nullopt);
        if (!sealed) return;
        current->put_sealed(file, *sealed->source);
        former->remove(file);
    };
    EXPECT_TRUE(stores.open(file.owner, file.digest, key_));
    EXPECT_FALSE(former->has(file));
    EXPECT_FALSE(stores.open(file.owner, crypto::sha256("another"), key_));
}

TEST_F(StoresTest, TakeInWhatNoneOfThemHas) {
    const auto current = std::make_shared<DiskStore>(folder_ / "current");
    const auto former = std::make_shared<DiskStore>(folder_ / "former");
    const Stores stores({current, former});
    const auto file = put(*former, "text");
    const auto staged = folder_ / "staged";
    std::ofstream(staged) << "bbfile1\nsealed otherwise";
    stores.adopt(file, staged, Store::Adopt::missing);
    EXPECT_FALSE(current->has(file)) << "the former one has it";
    stores.adopt(file, staged, Store::Adopt::always);
    EXPECT_TRUE(current->has(file));
    ASSERT_TRUE(former->discard(file, std::chrono::seconds(0)));
    EXPECT_TRUE(former->has(file)) << "until it is erased";
}

TEST_F(StoresTest, RefuseAtOnceWhatABucketMustNotGet) {
    const test::Bucket bucket;
    const auto current = std::make_shared<BucketStore>(BucketPlace{bucket.options(), "school", "", folder_});
    const auto former = std::make_shared<DiskStore>(folder_ / "former");
    const Stores stores({current, former});
    const auto file = put(*former, "text");
    const auto staged = folder_ / "staged";
    std::ofstream(staged) << "text";
    EXPECT_THROW(stores.adopt(file, staged, Store::Adopt::missing), std::runtime_error);
    EXPECT_TRUE(fs::exists(staged));
    EXPECT_TRUE(bucket.keys("").empty());
}

}  // namespace
}  // namespace bb::blobs
