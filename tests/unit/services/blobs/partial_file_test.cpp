#include "services/blobs/partial_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/core/crypto.hpp"
#include "services/blobs/disk_store.hpp"
#include "services/blobs/sealed_file.hpp"

namespace bb::blobs {
namespace {

constexpr std::size_t piece = numbered::piece_size;

/// Bytes that differ from piece to piece.
std::string bytes_of(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (i / 7 + i / piece) % 26);
    return bytes;
}

std::string all(http::FileSource& source, std::size_t size) {
    std::string bytes(size + 10, '\0');
    bytes.resize(http::read_full(source, bytes.data(), bytes.size()));
    return bytes;
}

class PartialFiles : public ::testing::Test {
protected:
    PartialFiles() {
        crypto::initialize();
        char name[] = "/tmp/bb-partial-XXXXXX";
        folder = ::mkdtemp(name);
        path = folder / "owner" / "upload";
    }
    ~PartialFiles() override { std::filesystem::remove_all(folder); }

    std::optional<PartialFile> open(std::size_t bytes) { return PartialFile::open(path, {id, bytes}, key); }
    /// Everything in one connection, or in several that each bring so much.
    void bring(const std::string& content, std::size_t each) {
        for (std::size_t at = 0; at < content.size(); at += each) {
            auto file = open(content.size());
            ASSERT_EQ(file->size(), at);
            file->append(std::string_view(content).substr(at, each));
            file->sync();
        }
    }
    void damage(std::uint64_t at) {
        std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekg(static_cast<std::streamoff>(at));
        const auto was = static_cast<char>(stream.get());
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(static_cast<char>(was ^ 1));
    }

    std::filesystem::path folder;
    std::filesystem::path path;
    Uuid id = Uuid::make();
    secrets::Key key = secrets::Key::random();
};

TEST_F(PartialFiles, GrowAndAreThereAgain) {
    const auto content = bytes_of(2 * piece + 40);
    EXPECT_EQ(PartialFile::size_of(path, content.size()), 0u);
    {
        auto file = open(content.size());
        file->append("");
        file->append(content.substr(0, 4));
        file->append(content.substr(4, piece));
        file->sync();
        EXPECT_FALSE(open(content.size()).has_value()) << "one holder at a time";
        EXPECT_THROW(file->content(), std::logic_error) << "not whole";
        EXPECT_THROW(file->finish(key, "place"), std::logic_error);
    }
    EXPECT_EQ(PartialFile::size_of(path, content.size()), piece + 4);
    auto file = open(content.size());
    EXPECT_EQ(file->size(), piece + 4);
    EXPECT_THROW(file->append(content), std::length_error) << "more than the whole";
    file->append(content.substr(piece + 4));
    EXPECT_TRUE(file->is_whole());
    EXPECT_EQ(all(*file->content(), content.size()), content);
    EXPECT_EQ(all(*file->content(), content.size()), content) << "it can be read again";
    EXPECT_EQ(file->digest(), crypto::sha256(content)) << "though it did not all come here";
}

TEST_F(PartialFiles, OfAnySizeAndBroughtInAnySteps) {
    for (const std::size_t size : {std::size_t{1}, piece - 1, piece, piece + 1, 2 * piece, 3 * piece + 17}) {
        const auto content = bytes_of(size);
        for (const std::size_t each : {std::size_t{30'000}, piece, 2 * piece + 1, size}) {
            bring(content, each);
            EXPECT_EQ(PartialFile::size_of(path, size), size);
            auto file = open(size);
            ASSERT_TRUE(file->is_whole()) << size << " by " << each;
            EXPECT_EQ(all(*file->content(), size), content) << size << " by " << each;
            EXPECT_EQ(file->digest(), crypto::sha256(content));
            EXPECT_EQ(std::filesystem::file_size(path), numbered::stored_size(size));
            PartialFile::remove(path);
            EXPECT_TRUE(std::filesystem::is_empty(path.parent_path()));
        }
    }
}

TEST_F(PartialFiles, ForgetAPieceThatWasCutOff) {
    const auto content = bytes_of(3 * piece + 5);
    bring(content, content.size());
    const auto size = std::filesystem::file_size(path);
    for (const std::uintmax_t cut : {1u, 20u}) {
        std::filesystem::resize_file(path, size - cut);
        EXPECT_EQ(PartialFile::size_of(path, content.size()), 3 * piece) << cut;
    }
    std::filesystem::resize_file(path, size - 30);
    EXPECT_EQ(PartialFile::size_of(path, content.size()), 2 * piece);
    {
        auto file = open(content.size());
        ASSERT_EQ(file->size(), 2 * piece);
        file->append(content.substr(2 * piece));
        EXPECT_EQ(all(*file->content(), content.size()), content);
    }
    std::filesystem::resize_file(path, 20);
    EXPECT_EQ(PartialFile::size_of(path, content.size()), 0u);
    EXPECT_EQ(open(content.size())->size(), 0u);
}

// As after a crash of the machine: what waited beside the file is on the disk, what came after it is not.
TEST_F(PartialFiles, GoBackToWhatWaitedBesideThem) {
    const auto content = bytes_of(2 * piece);
    {
        auto file = open(content.size());
        file->append(content.substr(0, piece + 100));
        file->sync();
        file->append(content.substr(piece + 100, 500));
    }
    EXPECT_EQ(PartialFile::size_of(path, content.size()), piece + 100);
    open(content.size())->append(content.substr(piece + 100));
    EXPECT_EQ(PartialFile::size_of(path, content.size()), 2 * piece);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
    auto file = open(content.size());
    ASSERT_EQ(file->size(), piece + 100);
    file->append(content.substr(piece + 100));
    EXPECT_EQ(all(*file->content(), content.size()), content);
}

TEST_F(PartialFiles, CannotBeReadOrChangedOnTheDisk) {
    const std::string content = "a readable sentence " + bytes_of(piece) + " another readable sentence";
    {
        auto file = open(content.size());
        file->append(std::string_view(content).substr(0, 40));
        file->sync();
    }
    for (const auto& entry : std::filesystem::directory_iterator(path.parent_path())) {
        std::stringstream bytes;
        bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
        EXPECT_EQ(bytes.str().find("readable"), std::string::npos) << entry.path();
    }
    EXPECT_EQ(PartialFile::open(path, {Uuid::make(), content.size()}, key)->size(), 0u)
        << "it is no other upload's";
    open(content.size())->append(std::string_view(content).substr(40));
    EXPECT_EQ(open(content.size())->size(), content.size());
    for (const std::uint64_t at : {numbered::head_size + 3, numbered::head_size + piece + 20}) {
        damage(at);
        EXPECT_THROW(all(*open(content.size())->content(), content.size()), std::runtime_error);
        EXPECT_THROW(open(content.size())->digest(), std::runtime_error);
        damage(at);
    }
    EXPECT_EQ(all(*open(content.size())->content(), content.size()), content);
}

TEST_F(PartialFiles, BecomeStoredFilesWithoutBeingWrittenAgain) {
    const auto content = bytes_of(2 * piece + 1);
    const auto store_key = secrets::Key::random();
    const Stored stored{Uuid::make(), crypto::sha256(content)};
    DiskStore store(folder / "store");
    bring(content, piece + 9);
    {
        auto file = open(content.size());
        file->finish(store_key, name_of(stored));
        store.put_file(stored, path, store_key);
    }
    EXPECT_EQ(std::filesystem::hard_link_count(path), 2u);
    auto body = store.open(stored.owner, stored.digest, store_key);
    ASSERT_TRUE(body.has_value());
    EXPECT_EQ(body->size, content.size());
    EXPECT_EQ(all(*body->source, content.size()), content);
    EXPECT_FALSE(store.open(stored.owner, stored.digest, key)) << "the key of its pieces is not the file's";
    EXPECT_FALSE(store.open(Uuid::make(), stored.digest, store_key));

    // The same again, as after a crash before a row said that it was done: nothing is written to.
    const auto before = std::filesystem::last_write_time(path);
    open(content.size())->finish(store_key, name_of(stored));
    EXPECT_EQ(std::filesystem::last_write_time(path), before);
    PartialFile::remove(path);
    body = store.open(stored.owner, stored.digest, store_key);
    EXPECT_EQ(all(*body->source, content.size()), content);
}

TEST_F(PartialFiles, OfAnotherFormBeginAnew) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << std::string(numbered::head_size + piece + numbered::tag_size, 'x');
    EXPECT_EQ(PartialFile::size_of(path, 2 * piece), 0u);
    const auto content = bytes_of(2 * piece);
    bring(content, content.size());
    EXPECT_EQ(all(*open(content.size())->content(), content.size()), content);
}

}  // namespace
}  // namespace bb::blobs
