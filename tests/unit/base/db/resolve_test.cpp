#include "base/db/resolve.hpp"

#include <gtest/gtest.h>

#include "base/db/connection.hpp"
#include "unit/support/fake_upstream.hpp"

namespace bb::db {
namespace {

using namespace std::chrono_literals;

std::string value(const ConnectionSettings& settings, const std::string& keyword) {
    for (const auto& [key, text] : settings)
        if (key == keyword) return text;
    return "(none)";
}

TEST(Resolve, LooksUpNamesAlone) {
    const auto names = [](const char* conninfo) {
        return names_in(settings_of(conninfo));
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(names("postgresql://u@db.example,10.0.0.1,[::1],db.example:5433/x"), Names{"db.example"});
    EXPECT_EQ(names("host=/var/run/postgresql,a,b"), (Names{"a", "b"}));
    EXPECT_EQ(names("host=a hostaddr=10.0.0.1"), Names{});
    EXPECT_EQ(names("dbname=x"), Names{});
    EXPECT_THROW(names("postgresql://["), Unavailable);
}

TEST(Resolve, GivesEachAddressItsNameAndPort) {
    auto settings = with_addresses(settings_of("host=a,10.0.0.1,gone,b port=1,2,3,4 user=u"),
                                   {{"a", {"10.1.0.1", "fd00::1"}}, {"b", {"10.1.0.2"}}, {"gone", {}}});
    EXPECT_EQ(value(settings, "host"), "a,a,10.0.0.1,b");
    EXPECT_EQ(value(settings, "hostaddr"), "10.1.0.1,fd00::1,,10.1.0.2");
    EXPECT_EQ(value(settings, "port"), "1,1,2,4");
    EXPECT_EQ(value(settings, "user"), "u");
    settings = with_addresses(settings_of("host=a"), {{"a", {"10.1.0.1", "10.1.0.2"}}});
    EXPECT_EQ(value(settings, "hostaddr"), "10.1.0.1,10.1.0.2");
    EXPECT_EQ(value(settings, "port"), "(none)");
}

TEST(Resolve, AsksTheSystem) {
    boost::asio::io_context loop{1};
    test::run(loop, [](Executor executor) -> Task<void> {
        const auto soon = std::chrono::steady_clock::now() + 8s;
        const auto settings = co_await resolve(executor, "postgresql://u@localhost:5433/x", soon);
        EXPECT_NE(value(settings, "hostaddr").find("127.0.0.1"), std::string::npos);
        EXPECT_NE(value(settings, "host").find("localhost"), std::string::npos);
    }(loop.get_executor()));
}

TEST(Resolve, KeepsTheLoopGoingWhileANameIsNotFound) {
    boost::asio::io_context loop{1};
    test::run(loop, [](Executor executor) -> Task<void> {
        bool refused = false;
        const auto began = std::chrono::steady_clock::now();
        try {
            co_await connect(executor, "postgresql://u@nowhere.invalid/x", 2s);
        } catch (const Unavailable& away) {
            refused = std::string(away.what()).find("nowhere.invalid") != std::string::npos;
        }
        EXPECT_TRUE(refused);
        EXPECT_LT(std::chrono::steady_clock::now() - began, 8s);
    }(loop.get_executor()));
}

}  // namespace
}  // namespace bb::db
