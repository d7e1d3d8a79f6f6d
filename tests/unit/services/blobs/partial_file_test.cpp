#include "services/blobs/partial_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/core/crypto.hpp"

namespace bb::blobs {
namespace {

class PartialFiles : public ::testing::Test {
protected:
    PartialFiles() {
        crypto::initialize();
        char name[] = "/tmp/bb-partial-XXXXXX";
        folder = ::mkdtemp(name);
        path = folder / "owner" / "upload";
    }
    ~PartialFiles() override { std::filesystem::remove_all(folder); }

    std::optional<PartialFile> open() { return PartialFile::open(path, id, key); }
    static std::string all(const PartialFile& file) {
        const auto source = file.content();
        std::string bytes(file.size() + 10, '\0');
        bytes.resize(http::read_full(*source, bytes.data(), bytes.size()));
        return bytes;
    }

    std::filesystem::path folder;
    std::filesystem::path path;
    Uuid id = Uuid::make();
    secrets::Key key = secrets::Key::random();
};

TEST_F(PartialFiles, GrowAndAreThereAgain) {
    EXPECT_EQ(PartialFile::size_of(path), 0u);
    {
        auto file = open();
        file->append("one ");
        file->append("");
        file->append(std::string(1 << 20, 'x'));
        file->sync();
        EXPECT_FALSE(open().has_value()) << "one holder at a time";
    }
    EXPECT_EQ(PartialFile::size_of(path), 4u + (1u << 20));
    auto file = open();
    EXPECT_EQ(file->size(), 4u + (1u << 20));
    file->append(" three");
    EXPECT_EQ(all(*file), "one " + std::string(1 << 20, 'x') + " three");
    EXPECT_EQ(all(*file).size(), file->size()) << "it can be read again";
    EXPECT_THROW(file->append(std::string((1 << 20) + 1, 'x')), std::length_error);
}

TEST_F(PartialFiles, ForgetAPieceThatWasCutOff) {
    {
        auto file = open();
        file->append("whole");
        file->append("cut off");
    }
    const auto size = std::filesystem::file_size(path);
    for (const std::uintmax_t cut : {1u, 7u, 40u, 52u}) {
        std::filesystem::resize_file(path, size - cut);
        EXPECT_EQ(PartialFile::size_of(path), 5u) << cut;
    }
    auto file = open();
    file->append(" again");
    EXPECT_EQ(all(*file), "whole again");
}

TEST_F(PartialFiles, CannotBeReadOrChangedOnTheDisk) {
    {
        auto file = open();
        file->append("a readable sentence");
        file->append("another sentence here");
    }
    std::stringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    EXPECT_EQ(bytes.str().find("readable"), std::string::npos);
    std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(-1, std::ios::end);
    stream.put('?');
    stream.close();
    {
        const auto file = open();
        ASSERT_EQ(file->size(), 40u);
        EXPECT_THROW(all(*file), std::runtime_error);
    }
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    const auto other = PartialFile::open(path, Uuid::make(), key);
    ASSERT_EQ(other->size(), 19u);
    EXPECT_THROW(all(*other), std::runtime_error) << "it is no other upload's";
}

}  // namespace
}  // namespace bb::blobs
