#include "features/materials/extract/bubblewrap.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <thread>

#include "unit/features/materials/extract/scripted_cage.hpp"

namespace bb::materials::extract {
namespace {

/// What a script finds inside bwrap alone, without the walls that a reader closes behind itself.
class BubblewrapTest : public testing::Test {
protected:
    void SetUp() override {
        bubblewrap_ = cage_.bubblewrap();
        if (!bubblewrap_) GTEST_SKIP() << "bwrap is not installed, or this machine does not let it work";
    }
    std::string inside(const std::string& script) {
        cage_.limits.bubblewrap = bubblewrap_;
        return cage_.run(script).output;
    }
    std::string outside(const std::string& script) {
        cage_.limits.bubblewrap.reset();
        return cage_.run(script).output;
    }

    ScriptedCage cage_;
    std::optional<Bubblewrap> bubblewrap_;
};

TEST_F(BubblewrapTest, HoldsNoFileButWhatReadersNeed) {
    const auto data = cage_.folder() + "/data";
    std::ofstream(data) << "a secret";
    const auto look = "for f in /etc/passwd " + data +
                      " /proc/self/environ /dev/null; do [ -e $f ] && echo $f; done; exit 0";
    EXPECT_EQ(outside(look), "/etc/passwd\n" + data + "\n/proc/self/environ\n/dev/null\n");
    EXPECT_EQ(inside(look), "");
    EXPECT_EQ(inside("for f in /* /tmp/* /etc/*; do echo $f; done | grep -v '^/lib'"),
              "/bin\n/etc\n/reader\n/tmp\n/usr\n/tmp/*\n/etc/ld.so.cache\n");
}

TEST_F(BubblewrapTest, LetsNothingBeWrittenButALittleBelowTmp) {
    EXPECT_EQ(inside("for f in /x /usr/lib/x /etc/x /reader; do (echo x >$f) && echo $f; done; exit 0"), "");
    EXPECT_EQ(inside("printf %3000000s | split -b 300000 - /tmp/x\n"
                     "echo $(( $(cat /tmp/x* | wc -c) / 1000000 ))"),
              "1\n");
}

TEST_F(BubblewrapTest, HasNoNetwork) {
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(bind(server, any, size), 0);
    ASSERT_EQ(listen(server, 5), 0);
    ASSERT_EQ(getsockname(server, any, &size), 0);
    const auto connect = "(exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(ntohs(address.sin_port)) +
                         ") && echo connected; exit 0";
    EXPECT_EQ(outside(connect), "connected\n");
    EXPECT_EQ(inside(connect), "");
    close(server);
}

TEST_F(BubblewrapTest, SeesNoOtherProcess) {
    const auto signal = "kill -0 " + std::to_string(getpid()) + " && echo seen; exit 0";
    EXPECT_EQ(outside(signal), "seen\n");
    EXPECT_EQ(inside(signal), "");
    EXPECT_EQ(inside("echo $$"), "2\n");
}

/// How many processes of this machine have this word.
long processes_with(const std::string& word) {
    const std::filesystem::directory_iterator all("/proc");
    return std::count_if(begin(all), end(all), [&](const auto& process) {
        std::ifstream words(process.path() / "cmdline");
        return std::string(std::istreambuf_iterator<char>(words), {}).find(word) != std::string::npos;
    });
}

TEST_F(BubblewrapTest, EndsWithAllThatWasBegunInIt) {
    cage_.limits.bubblewrap = bubblewrap_;
    cage_.limits.time = std::chrono::seconds(2);
    const auto word = std::to_string(3000 + getpid()) + ".25";
    long begun = 0;
    std::jthread looks([&] {
        for (int look = 0; look < 100 && begun < 2; ++look) {
            std::this_thread::sleep_for(std::chrono::milliseconds(15));
            begun = std::max(begun, processes_with(word));
        }
    });
    EXPECT_TRUE(cage_.run("setsid sleep " + word + " & exec sleep " + word).too_slow);
    looks.join();
    EXPECT_EQ(begun, 2);
    for (int look = 0; look < 100 && processes_with(word) > 0; ++look)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(processes_with(word), 0);
}

TEST_F(BubblewrapTest, IsTriedOutByReadingInIt) {
    EXPECT_EQ(try_bubblewrap(*bubblewrap_, cage_.write("exec cat").c_str()).reason, "");
    const auto broken = try_bubblewrap(*bubblewrap_, cage_.write("echo no library >&2; exit 127").c_str());
    EXPECT_FALSE(broken.works());
    EXPECT_NE(broken.reason.find("no library"), std::string::npos) << broken.reason;
}

TEST(Bubblewrap, IsNotUsedWhereItIsMissingOrForbidden) {
    Bubblewrap missing;
    missing.program = "/nonexistent/bwrap";
    EXPECT_FALSE(try_bubblewrap(missing).installed);
    ScriptedCage cage;
    Bubblewrap forbidden;
    forbidden.program = cage.write("echo 'bwrap: No permissions to create a new namespace' >&2; exit 1");
    // The tests' own program may lie where this account cannot reach it.
    const auto trial = try_bubblewrap(forbidden, "/bin/true");
    EXPECT_TRUE(trial.installed);
    EXPECT_FALSE(trial.works());
    EXPECT_NE(trial.reason.find("No permissions"), std::string::npos) << trial.reason;
    const auto nowhere = try_bubblewrap(forbidden, "/nonexistent/reader");
    EXPECT_FALSE(nowhere.works());
    EXPECT_NE(nowhere.reason.find("by its path"), std::string::npos) << nowhere.reason;
}

TEST(Bubblewrap, DoesNotBlameTheFileWhenItFails) {
    ScriptedCage cage;
    cage.limits.bubblewrap.emplace();
    cage.limits.bubblewrap->program = cage.write("echo 'bwrap: No space left' >&2; exit 1", "bwrap");
    EXPECT_THROW(cage.run("exit 0"), BubblewrapFailed);
    cage.limits.bubblewrap->program = "/nonexistent/bwrap";
    EXPECT_THROW(cage.run("exit 0"), BubblewrapFailed);
}

TEST(Bubblewrap, ShowsNoProgramThatWasReplaced) {
    EXPECT_FALSE(command_within({}, {"/nonexistent/program (deleted)", "x"}));
    const auto words = command_within({}, {"/bin/true", "x", "y"});
    ASSERT_TRUE(words);
    const std::vector<std::string> end(words->end() - 3, words->end());
    EXPECT_EQ(end, (std::vector<std::string>{"/reader", "x", "y"}));
}

}  // namespace
}  // namespace bb::materials::extract
