#include "services/blobs/disk_store.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

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
    crypto::Digest put(DiskStore& store, const Uuid& owner, std::string_view bytes) const {
        const auto digest = crypto::sha256(bytes);
        const auto content = http::source_of(bytes);
        store.put(owner, digest, *content, key_);
        return digest;
    }
    std::optional<http::FileBody> open(const DiskStore& store, const Uuid& owner,
                                       const crypto::Digest& digest) const {
        return store.open(owner, digest, key_);
    }
    static std::string read(http::FileBody& body) {
        std::string text;
        char piece[1000];
        for (std::size_t n = 0; (n = body.source->read(piece, sizeof piece)) > 0;) text.append(piece, n);
        EXPECT_EQ(text.size(), body.size);
        return text;
    }
    /// The only stored file.
    fs::path only_file(const fs::path& root) const {
        for (const auto& entry : fs::recursive_directory_iterator(root))
            if (entry.is_regular_file() && entry.path().filename() != ".lock") return entry.path();
        return {};
    }

    fs::path folder_;
    const secrets::Key key_ = secrets::Key::random();
    const Uuid ana_ = Uuid::make();
    const Uuid ben_ = Uuid::make();
};

TEST_F(DiskStoreTest, GivesBackWhatWasPut) {
    DiskStore store(folder_ / "files");
    const std::string bytes("a\0b\xff", 4);
    const auto digest = put(store, ana_, bytes);
    EXPECT_EQ(digest, crypto::sha256(bytes));
    auto body = open(store, ana_, digest);
    ASSERT_TRUE(body);
    EXPECT_EQ(read(*body), bytes);
    EXPECT_EQ(fs::status(folder_ / "files").permissions(), fs::perms::owner_all);
}

TEST_F(DiskStoreTest, KeepsTheSameContentOncePerOwner) {
    DiskStore store(folder_);
    const auto digest = put(store, ana_, "same");
    EXPECT_EQ(put(store, ana_, "same"), digest);
    EXPECT_EQ(files(), 1u);
    EXPECT_FALSE(open(store, ben_, digest));
    put(store, ben_, "same");
    EXPECT_EQ(files(), 2u);
}

TEST_F(DiskStoreTest, DiscardsAndErasesOnlyWhatIsOldEnough) {
    DiskStore store(folder_);
    const auto digest = put(store, ana_, "text");
    std::ofstream(folder_ / "tmp-left") << "half";
    const std::chrono::hours hour(1);
    EXPECT_TRUE(store.older_than(hour).empty());
    EXPECT_EQ(store.remove_leftovers(hour), 0u);
    const auto old = store.older_than(std::chrono::seconds(0));
    ASSERT_EQ(old.size(), 1u);
    EXPECT_EQ(old[0].owner, ana_);
    EXPECT_EQ(old[0].digest, digest);
    EXPECT_FALSE(store.discard(old[0], hour));
    auto opened = open(store, ana_, digest);
    EXPECT_TRUE(store.discard(old[0], std::chrono::seconds(0)));
    EXPECT_TRUE(store.older_than(std::chrono::seconds(0)).empty());
    ASSERT_EQ(store.discarded(std::chrono::seconds(0)).size(), 1u);
    EXPECT_TRUE(store.discarded(hour).empty());
    EXPECT_FALSE(store.erase(old[0], hour));
    EXPECT_TRUE(open(store, ana_, digest));
    EXPECT_TRUE(store.erase(old[0], std::chrono::seconds(0)));
    EXPECT_FALSE(open(store, ana_, digest));
    EXPECT_EQ(read(*opened), "text");  // who has it open reads on
    EXPECT_EQ(store.remove_leftovers(std::chrono::seconds(0)), 1u);
}

TEST_F(DiskStoreTest, TakesBackWhatWasDiscarded) {
    DiskStore store(folder_);
    const Stored file{ana_, put(store, ana_, "text")};
    EXPECT_FALSE(store.take_back(file));
    EXPECT_TRUE(store.discard(file, std::chrono::seconds(0)));
    EXPECT_TRUE(store.take_back(file));
    EXPECT_FALSE(store.take_back(file));
    EXPECT_TRUE(store.discarded(std::chrono::seconds(0)).empty());
    EXPECT_EQ(store.older_than(std::chrono::seconds(0)).size(), 1u);
    EXPECT_TRUE(store.older_than(std::chrono::hours(1)).empty());
    EXPECT_TRUE(open(store, ana_, file.digest));
}

TEST_F(DiskStoreTest, NotesTheDatabaseOfItsFiles) {
    DiskStore store(folder_);
    EXPECT_EQ(store.database(), "");
    store.set_database("one");
    store.set_database("two");
    EXPECT_EQ(DiskStore(folder_).database(), "two");
    EXPECT_TRUE(store.older_than(std::chrono::seconds(0)).empty());
}

TEST_F(DiskStoreTest, SealsFilesOfEverySize) {
    DiskStore store(folder_ / "files");
    for (const std::size_t size : {0, 1, 65'535, 65'536, 65'537, 131'072, 1'000'000}) {
        const auto bytes = crypto::random_bytes(size);
        const auto digest = put(store, ana_, bytes);
        auto body = open(store, ana_, digest);
        ASSERT_TRUE(body) << size;
        EXPECT_EQ(read(*body), bytes) << size;
    }
}

TEST_F(DiskStoreTest, OpensNothingThatWasChangedOrMovedOrHasAnotherKey) {
    DiskStore store(folder_ / "files");
    const std::string bytes(200'000, 'x');
    const auto digest = put(store, ana_, bytes);
    const auto file = only_file(folder_ / "files");
    std::stringstream lying;
    lying << std::ifstream(file, std::ios::binary).rdbuf();
    const auto sealed = lying.str();
    EXPECT_EQ(sealed.find("xxxxxxxxxxxxxxxx"), std::string::npos);
    EXPECT_FALSE(store.open(ana_, digest, secrets::Key::random()));
    const auto write = [&](const std::string& content) {
        std::ofstream(file, std::ios::binary) << content;
    };
    const auto opens = [&] {
        auto body = open(store, ana_, digest);
        if (!body) return false;
        try {
            return read(*body) == bytes;
        } catch (const std::runtime_error&) {
            return false;
        }
    };
    EXPECT_TRUE(opens());
    for (const std::size_t at :
         {std::size_t{0}, std::size_t{9}, std::size_t{40}, std::size_t{70'000}, sealed.size() - 1}) {
        auto changed = sealed;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        write(changed);
        EXPECT_FALSE(opens()) << at;
    }
    const std::size_t piece = 64 * 1024 + 17;
    write(sealed.substr(0, 32 + 2 * piece));  // two whole pieces
    EXPECT_FALSE(opens());
    write(sealed.substr(0, 32 + piece) + sealed.substr(32 + 2 * piece));
    EXPECT_FALSE(opens());
    write(sealed + "more");
    auto longer = open(store, ana_, digest);
    ASSERT_TRUE(longer);
    write(sealed);
    const auto of_ben = folder_ / "files" / ben_.text() / file.parent_path().filename();
    fs::create_directories(of_ben);
    fs::copy_file(file, of_ben / file.filename());
    EXPECT_FALSE(open(store, ben_, digest)) << "of another person";
}

TEST_F(DiskStoreTest, SealsAnewWhatLiesThereOpenOrUnderAnotherKey) {
    DiskStore store(folder_ / "files");
    const std::string bytes = "as it was stored before";
    const auto digest = put(store, ana_, bytes);
    std::ofstream(only_file(folder_ / "files"), std::ios::binary) << bytes;
    auto open_one = store.open(ana_, digest, std::nullopt);
    ASSERT_TRUE(open_one);
    EXPECT_EQ(read(*open_one), bytes);
    EXPECT_FALSE(open(store, ana_, digest));
    put(store, ana_, bytes);
    auto sealed = open(store, ana_, digest);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(read(*sealed), bytes);
    const auto other = secrets::Key::random();
    const auto content = http::source_of(bytes);
    store.put(ana_, digest, *content, other);
    EXPECT_FALSE(open(store, ana_, digest));
    EXPECT_TRUE(store.open(ana_, digest, other));
}

TEST_F(DiskStoreTest, AdoptsAFileOfAnotherDisk) {
    if (!fs::is_directory("/dev/shm")) GTEST_SKIP() << "no other file system here";
    DiskStore store(folder_ / "store"), other(folder_ / "other");
    const std::string text(3'000'000, 'x');
    const auto digest = put(other, ana_, text);
    const auto away = fs::path("/dev/shm") / ("bb-adopted-" + Uuid::make().text());
    fs::copy_file(only_file(folder_ / "other"), away);
    store.adopt({ana_, digest}, away, DiskStore::Adopt::missing);
    EXPECT_FALSE(fs::exists(away));
    auto body = open(store, ana_, digest);
    ASSERT_TRUE(body);
    EXPECT_EQ(read(*body), text);
    EXPECT_EQ(only_file(folder_ / "store").filename(), only_file(folder_ / "other").filename());
}

}  // namespace
}  // namespace bb::blobs
