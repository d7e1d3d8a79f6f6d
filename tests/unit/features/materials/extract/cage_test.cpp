#include "features/materials/extract/cage.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <algorithm>
#include <thread>

#include "features/materials/extract/child.hpp"
#include "features/materials/extract/tidy.hpp"
#include "unit/features/materials/extract/scripted_cage.hpp"

namespace bb::materials::extract {
namespace {

using Clock = std::chrono::steady_clock;

/// With and without bwrap around it.
class CageTest : public testing::TestWithParam<bool> {
protected:
    void SetUp() override {
        if (!GetParam()) return;
        limits_.bubblewrap = cage_.bubblewrap();
        if (!limits_.bubblewrap)
            GTEST_SKIP() << "bwrap is not installed, or this machine does not let it work";
    }
    CageOutcome run(const std::string& script) { return cage_.run(script); }
    double seconds_of(const std::string& script) {
        const auto began = Clock::now();
        last_ = run(script);
        return std::chrono::duration<double>(Clock::now() - began).count();
    }

    ScriptedCage cage_;
    CageLimits& limits_ = cage_.limits;
    CageOutcome last_;
};

INSTANTIATE_TEST_SUITE_P(Walls, CageTest, testing::Bool(),
                         [](const auto& one) { return std::string(one.param ? "InBubblewrap" : "Alone"); });

TEST_P(CageTest, HandsOverTheFileAndTheWords) {
    const auto ended = run("echo \"$1 $2 $3\"; cat; echo what is wrong >&2; exit 3");
    EXPECT_EQ(ended.output, "read-a-file kind a.txt\nwhat it holds");
    EXPECT_EQ(ended.complaints, "what is wrong\n");
    EXPECT_EQ(ended.code, 3);
    EXPECT_FALSE(ended.too_slow || ended.too_much);
}

TEST_P(CageTest, TellsWhichSignalEndedIt) {
    EXPECT_EQ(run("kill -XCPU $$").code, 128 + SIGXCPU) << "its processor time was used up";
    EXPECT_EQ(run("kill -SEGV $$").code, 128 + SIGSEGV);
}

TEST_P(CageTest, GivesNoEnvironment) {
    // bash sets some of its own.
    EXPECT_EQ(run("env | grep -vE '^(PWD|OLDPWD|SHLVL|_)='; exit 0").output, "");
}

TEST_P(CageTest, RunsLastAndIsTheFirstToGo) {
    EXPECT_EQ(run("nice").output, "10\n");
    if (!GetParam()) EXPECT_EQ(run("cat /proc/self/oom_score_adj").output, "900\n");
}

std::string text_of(int descriptor) {
    std::string text(100, '\0');
    const auto got = read(descriptor, text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return text;
}

TEST(CagedFile, IsFilledPieceByPieceAndThenNotChanged) {
    const CagedFile file([](const CagedFile::Write& write) {
        for (const auto* piece : {"what ", "", "it holds"}) write(piece);
    });
    const int one = file.open(), other = file.open();
    EXPECT_EQ(text_of(one), "what it holds");
    EXPECT_EQ(text_of(other), "what it holds") << "from its beginning, whoever reads it beside";
    EXPECT_LT(write(one, "x", 1), 0);
    close(one);
    close(other);
    char some[4];
    EXPECT_EQ(std::string_view(some, file.read(10, some, sizeof some)), "lds");
    EXPECT_EQ(file.size(), 13u);
}

TEST(CagedFile, LeavesNoDescriptorWhenItsContentBreaksOff) {
    const auto open_files = [] {
        const std::filesystem::directory_iterator open("/proc/self/fd");
        return std::distance(begin(open), end(open));
    };
    const auto before = open_files();
    const auto breaks_off = [](const CagedFile::Write& write) {
        write("half");
        throw std::runtime_error("the disk is gone");
    };
    EXPECT_THROW(CagedFile{breaks_off}, std::runtime_error);
    EXPECT_EQ(open_files(), before);
}

TEST_P(CageTest, EndsWhatIsTooSlowAlsoWhenItHasClosedItsOutput) {
    limits_.time = std::chrono::seconds(1);
    EXPECT_LT(seconds_of("exec sleep 30"), 10);
    EXPECT_TRUE(last_.too_slow);
    EXPECT_LT(seconds_of("exec >&- 2>&-; exec sleep 30"), 10);
    EXPECT_TRUE(last_.too_slow);
}

TEST_P(CageTest, EndsWhatSaysTooMuch) {
    limits_.output = 1000;
    EXPECT_LT(seconds_of("exec yes"), 10);
    EXPECT_TRUE(last_.too_much);
    EXPECT_LE(last_.output.size(), 1001u);
    limits_.output = 10'000'000;
    EXPECT_LE(run("yes 2>/dev/null | head -c 100000 >&2").complaints.size(), 4096u);
}

TEST_P(CageTest, IsStoppedEarly) {
    for (const char* script : {"exec sleep 30", "exec >&- 2>&-; exec sleep 30"}) {
        std::stop_source stop;
        limits_.stop = stop.get_token();
        std::jthread soon([&stop] {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            stop.request_stop();
        });
        EXPECT_THROW(run(script), Stopped);
    }
}

TEST_P(CageTest, DoesNotBlameTheFileForWhatOthersDo) {
    EXPECT_THROW(run("kill -9 $$"), std::runtime_error);
    EXPECT_THROW(run("kill -15 $$"), std::runtime_error);
    EXPECT_THROW(run("echo no Landlock; exit " + std::to_string(not_shut_in)), std::runtime_error);
    limits_.program = "/nonexistent";
    EXPECT_THROW(run_caged("kind", "a.txt", CagedFile("x"), limits_), std::runtime_error);
}

TEST(Tidied, KeepsTextPagesAndWholeWords) {
    EXPECT_EQ(as_kept("One\fTwo\f\f", false), "One\n\f\nTwo\n");
    EXPECT_EQ(as_kept("\f\nThird", false), "\n\f\nThird\n");
    EXPECT_EQ(as_kept(std::string_view("a\0b\x1b[1m\xff", 8), false), "ab[1m\uFFFD\n");
    EXPECT_EQ(as_kept("photo-\nsynthesis, well-\nKnown", true), "photosynthesis, well-\nKnown\n");
    EXPECT_EQ(as_kept("photo-\nsynthesis", false), "photo-\nsynthesis\n");
    EXPECT_EQ(as_kept("\f\f", false), "");
}

}  // namespace
}  // namespace bb::materials::extract
