#include "services/blobs/spool.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/core/crypto.hpp"
#include "base/net/pool.hpp"

namespace bb::blobs {
namespace {

namespace fs = std::filesystem;

class SpoolTest : public ::testing::Test {
protected:
    SpoolTest() {
        crypto::initialize();
        fs::create_directories(folder_);
    }
    ~SpoolTest() override { fs::remove_all(folder_); }

    http::SharedDescriptor file(const Uuid& owner, const std::string& name, std::size_t bytes) {
        return spool_->file(owner, name, bytes, [&](const Spool::Write& write) {
            ++filled_;
            write(std::string(bytes, name[0]));
        });
    }
    static std::string text_of(const http::SharedDescriptor& file) {
        const auto body = http::whole_file(file);
        std::string text(body.size, '\0');
        text.resize(http::read_full(*body.source, text.data(), text.size()));
        return text;
    }

    const fs::path folder_ = fs::temp_directory_path() / ("bb-spool-" + crypto::random_token(6));
    const std::shared_ptr<Spool> spool_ = std::make_shared<Spool>(folder_, SpoolLimits{100, 40});
    const Uuid ana_ = Uuid::make(), ben_ = Uuid::make(), eva_ = Uuid::make();
    int filled_ = 0;
};

TEST_F(SpoolTest, ReadersShareAFileUntilTheLastLetsGo) {
    auto one = file(ana_, "a", 30);
    auto other = file(ana_, "a", 30);
    EXPECT_EQ(one, other);
    EXPECT_EQ(filled_, 1);
    one.reset();
    EXPECT_EQ(text_of(other), std::string(30, 'a'));
    EXPECT_EQ(text_of(other), std::string(30, 'a')) << "each from its beginning";
    other.reset();
    EXPECT_EQ(text_of(file(ana_, "a", 30)), std::string(30, 'a'));
    EXPECT_EQ(filled_, 2);
    EXPECT_TRUE(fs::is_empty(folder_)) << "none has a name";
}

TEST_F(SpoolTest, OneOwnerLeavesRoomForOthers) {
    auto mine = file(ana_, "a", 30);
    EXPECT_THROW(file(ana_, "b", 11), net::Busy);
    auto more = file(ana_, "b", 10);
    const auto of_ben = file(ben_, "c", 40);
    EXPECT_THROW(file(eva_, "d", 21), net::Busy) << "for all there is not more";
    const auto of_eva = file(eva_, "d", 20);
    mine.reset();
    EXPECT_EQ(text_of(file(ana_, "e", 20)), std::string(20, 'e'));
    EXPECT_THROW(file(ana_, "e", 31), net::Busy);
}

TEST_F(SpoolTest, ALargerOneGoesAlone) {
    auto large = file(ana_, "l", 500);
    EXPECT_THROW(file(ben_, "b", 1), net::Busy);
    large.reset();
    EXPECT_TRUE(file(ben_, "b", 1));
}

TEST_F(SpoolTest, WhatFailsLeavesNothing) {
    for (int i = 0; i < 10; ++i)
        EXPECT_THROW(spool_->file(ana_, "a", 40,
                                  [](const Spool::Write& write) {
                                      write("half");
                                      throw std::runtime_error("the connection broke");
                                  }),
                     std::runtime_error);
    EXPECT_EQ(text_of(file(ana_, "a", 40)), std::string(40, 'a'));
}

}  // namespace
}  // namespace bb::blobs
