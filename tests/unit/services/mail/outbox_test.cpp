#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "services/mail/sender.hpp"

namespace {

using namespace bb;
namespace fs = std::filesystem;

class Outbox : public ::testing::Test {
protected:
    void SetUp() override {
        char folder[] = "/tmp/bb-outbox-XXXXXX";
        ASSERT_NE(mkdtemp(folder), nullptr);
        parent_ = folder;
    }
    void TearDown() override { fs::remove_all(parent_); }

    std::string folder() const { return parent_ + "/outbox"; }

    std::string parent_;
    mail::Message message_{"ana@example.org", "Hello", "123456\n", "<p>123456</p>"};
};

unsigned mode_of(const std::string& path) {
    struct stat file {};
    EXPECT_EQ(stat(path.c_str(), &file), 0);
    return file.st_mode & 0777;
}

TEST_F(Outbox, WritesAMailThatOnlyTheServerCanRead) {
    const auto path = mail::write_to_outbox(folder(), message_, "tutor@school.example");
    EXPECT_EQ(mode_of(folder()), 0700u);
    EXPECT_EQ(mode_of(path), 0600u);
    EXPECT_EQ(fs::path(path).extension(), ".eml");
    std::ostringstream content;
    content << std::ifstream(path).rdbuf();
    EXPECT_NE(content.str().find("123456"), std::string::npos);
}

TEST_F(Outbox, NamesSortByTimeAndNothingElseIsLeft) {
    std::vector<std::string> paths;
    for (int i = 0; i < 5; ++i)
        paths.push_back(mail::write_to_outbox(folder(), message_, "tutor@school.example"));
    EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder()), {}), 5);
}

TEST_F(Outbox, SaysWhenItCannotWrite) {
    std::ofstream(folder()) << "a file where the folder should be";
    EXPECT_THROW(mail::write_to_outbox(folder(), message_, "tutor@school.example"), std::system_error);
    EXPECT_THROW(mail::write_to_outbox(parent_ + "/no/such", message_, "x@y.zz"), std::system_error);
}

TEST_F(Outbox, IsASenderThatDoesNotBlockTheLoop) {
    boost::asio::io_context loop;
    net::BlockingPool pool(1);
    mail::Outbox outbox(pool, folder(), "tutor@school.example");
    EXPECT_EQ(outbox.delivery(), "outbox");
    bool sent = false;
    auto task = [&]() -> Task<void> {
        co_await outbox.send(message_);
        sent = true;
    };
    boost::asio::co_spawn(loop.get_executor(), task(), boost::asio::detached);
    loop.run();
    EXPECT_TRUE(sent);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder()), {}), 1);
}

}  // namespace
