#include "services/blobs/file_store.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <vector>

#include "base/net/pool.hpp"
#include "services/blobs/disk_store.hpp"
#include "unit/support/test_database.hpp"

namespace bb::blobs {
namespace {

std::filesystem::path folder_of_files() {
    char name[] = "/tmp/bb-files-XXXXXX";
    return ::mkdtemp(name);
}

class FileStoreTest : public test::DatabaseTest {
protected:
    FileStoreTest() : ana_(someone("ana")), ben_(someone("ben")) {}
    ~FileStoreTest() override { std::filesystem::remove_all(folder_); }

    Uuid someone(const std::string& name) {
        const Uuid id = Uuid::make();
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + id.text() + "', '" + name +
                         "@example.org', '" + name + "', 'student')");
        return id;
    }
    static std::string all_of(const std::optional<http::FileBody>& body) {
        if (!body) return "";
        std::string text(body->size, '\0');
        text.resize(http::read_full(*body->source, text.data(), text.size()));
        return text;
    }
    std::string opened(Uuid owner, crypto::Digest digest) {
        return all_of(await(files_.open(owner, digest)));
    }
    std::string as_it_lies(Uuid owner, crypto::Digest digest) {
        return all_of(disk_->open(owner, digest, std::nullopt));
    }
    /// Stores what was stored before files were sealed.
    void put_unsealed(Uuid owner, crypto::Digest digest, std::string_view text) {
        const auto content = http::source_of(text);
        const Stored file{owner, digest};
        disk_->put_sealed(file, *content);
    }

    const std::filesystem::path folder_ = folder_of_files();
    const std::shared_ptr<DiskStore> disk_ = std::make_shared<DiskStore>(folder_);
    const Stores stores_{std::vector<std::shared_ptr<Store>>{disk_}};
    secrets::KeyRing keys_{db(), {"a secret"}};
    net::BlockingPool pool_{1};
    FileStore files_{db(), keys_, stores_, pool_};
    const std::string text_ = std::string(200'000, 'x') + " and the end";
    Uuid ana_;
    Uuid ben_;
};

TEST_F(FileStoreTest, CopiesAFileForSomebodyElseSealedAnew) {
    const auto digest = await(files_.put(ana_, text_));
    EXPECT_TRUE(await(files_.copy(ana_, ben_, digest)));
    EXPECT_EQ(opened(ben_, digest), text_);
    EXPECT_NE(as_it_lies(ben_, digest), as_it_lies(ana_, digest));
    EXPECT_TRUE(await(files_.copy(ana_, ben_, digest)));  // it is there already

    await(files_.remove(ana_, digest));
    EXPECT_EQ(opened(ben_, digest), text_);
    EXPECT_FALSE(await(files_.copy(ana_, ben_, digest)));
    EXPECT_EQ(opened(ben_, digest), text_);
}

TEST_F(FileStoreTest, CopiesNoFileThatWasChanged) {
    const auto digest = await(files_.put(ana_, text_));
    const auto name = crypto::hex(digest);
    std::fstream file(folder_ / ana_.text() / name.substr(0, 2) / name, std::ios::in | std::ios::out);
    file.seekp(150'000);
    file.write("changed", 7);
    file.close();
    EXPECT_THROW(await(files_.copy(ana_, ben_, digest)), std::runtime_error);
    EXPECT_EQ(as_it_lies(ben_, digest), "");
}

TEST_F(FileStoreTest, SealsAnOlderFileBeforeItIsCopied) {
    const auto digest = crypto::sha256(text_);
    put_unsealed(ana_, digest, text_);
    EXPECT_TRUE(await(files_.copy(ana_, ben_, digest)));
    EXPECT_EQ(opened(ben_, digest), text_);
    EXPECT_EQ(opened(ana_, digest), text_);
    EXPECT_NE(as_it_lies(ana_, digest), text_);

    const auto other = crypto::sha256("another text");
    put_unsealed(ana_, other, "changed since");
    EXPECT_FALSE(await(files_.copy(ana_, ben_, other)));
    EXPECT_EQ(as_it_lies(ben_, other), "");
}

}  // namespace
}  // namespace bb::blobs
