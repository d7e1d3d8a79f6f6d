// Uploaded files of databases that were dropped: only what nothing else names is erased.
#include "operations/safety/former_files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/core/crypto.hpp"
#include "base/db/session.hpp"
#include "operations/safety/tools.hpp"
#include "services/blobs/disk_store.hpp"
#include "unit/support/postgres.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

class FormerFilesTest : public testing::Test {
protected:
    void SetUp() override {
        crypto::initialize();
        folder_ = fs::temp_directory_path() / ("bb-former-" + crypto::random_token(6));
        store_ = std::make_shared<blobs::DiskStore>(folder_);
        std::vector<std::shared_ptr<blobs::Store>> own = {store_};
        at_.files = std::make_shared<const blobs::Stores>(std::move(own));
        at_.files_sql =
            "SELECT owner_id, digest FROM files WHERE (owner_id, digest) > ($1, $2) "
            "ORDER BY owner_id, digest LIMIT 2";
        at_.say = [](std::string_view) {
        };
        server_ = test::TemporaryPostgres::shared().conninfo();
        at_.conninfo = with_database(server_, "live");
        for (const char* name : {"live", "gone", "kept"}) {
            db::Session(server_).script(fmt::format("CREATE DATABASE {}", name));
            db::Session(with_database(server_, name))
                .script("CREATE TABLE files (owner_id uuid, digest bytea)");
        }
    }
    void TearDown() override {
        for (const char* name : {"live", "gone", "kept"})
            db::Session(server_).script(fmt::format("DROP DATABASE {}", name));
        fs::remove_all(folder_);
    }

    /// A file that was stored two hours ago, and that these databases name.
    blobs::Stored store(const std::vector<const char*>& databases) {
        const blobs::Stored file{Uuid::make(), crypto::sha256(crypto::random_token(6))};
        const auto from = folder_ / "from";
        fs::create_directories(folder_);
        std::ofstream(from) << "sealed";
        store_->adopt(file, from, blobs::Store::Adopt::always);
        for (const auto& entry : fs::recursive_directory_iterator(folder_))
            if (entry.path().filename() == crypto::hex(file.digest))
                fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(2));
        for (const auto* name : databases)
            db::Session(with_database(server_, name))
                .query("INSERT INTO files VALUES ($1, $2)", file.owner, file.digest);
        return file;
    }

    fs::path folder_;
    std::shared_ptr<blobs::DiskStore> store_;
    Installation at_;
    std::string server_;
};

TEST_F(FormerFilesTest, OfTheLiveDatabaseAndOfOneThatIsKeptNoneIsErased) {
    const auto alone = store({"gone"}), waiting = store({"gone"}), other = store({});
    const auto live = store({"gone", "live"}), kept = store({"gone", "kept"}),
               all = store({"gone", "live", "kept"});
    ASSERT_TRUE(store_->discard(waiting, std::chrono::hours(1)));
    const auto found = files_named_in(at_, {"gone", "of_nobody"});
    EXPECT_EQ(found.named.size(), 5u);
    EXPECT_EQ(found.unread, std::vector<std::string>{"of_nobody"});
    const auto released = release_files(at_, found.named, {"kept"});
    EXPECT_EQ(released.erased, 2u);
    EXPECT_EQ(released.left, 0u);
    for (const auto& file : {alone, waiting}) EXPECT_FALSE(store_->has(file));
    for (const auto& file : {other, live, kept, all}) EXPECT_TRUE(store_->has(file));
}

TEST_F(FormerFilesTest, WhenOneDatabaseDoesNotTellNothingIsErased) {
    const auto alone = store({"gone"});
    db::Session(with_database(server_, "kept")).script("DROP TABLE files");
    EXPECT_THROW(release_files(at_, {alone}, {"kept"}), db::SqlError);
    EXPECT_TRUE(store_->has(alone));
}

}  // namespace
}  // namespace bb::safety
