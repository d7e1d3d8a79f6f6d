#include "operations/watch/log_files.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace bb::watch {
namespace {

namespace fs = std::filesystem;

std::string line(const std::string& second,
                 const std::string& more = "\"level\":\"info\",\"event\":\"request\"") {
    return "{\"time\":\"2026-11-22T20:10:" + second + ".000000Z\"," + more + "}\n";
}

LogLine parsed(const std::string& more) {
    return parse_line(line("00", more)).value();
}

TEST(LogLine, ReadsOnlyLinesOfTheLog) {
    EXPECT_TRUE(parse_line(line("01")));
    for (const char* bad :
         {"", "{", "{}", "BrainBytes is ready", "[1]", "{\"time\":\"x\",\"level\":\"info\",\"event\":\"e\"}",
          "{\"time\":\"2026-11-22T20:10:00.000000Z\",\"level\":\"loud\",\"event\":\"e\"}",
          "{\"time\":\"2026-11-22T20:10:00.000000Z\",\"level\":\"info\",\"event\":7}"})
        EXPECT_FALSE(parse_line(bad)) << bad;
}

TEST(LogLine, IsReadableAndMovesNoTerminal) {
    const auto odd =
        parsed(R"("level":"warn","event":"odd","reason":"a\u001b[31m\u009bb\nc","n":7,"empty":"")");
    EXPECT_EQ(readable(odd, ""), "2026-11-22 20:10:00.000 WARN  odd  reason=a [31m b c  n=7");
    EXPECT_EQ(readable(odd, "app1").substr(0, 10), "app1  2026");
    EXPECT_EQ(as_json(odd, "a\"b").substr(0, 24), R"({"host":"a\"b","time":"2)");
}

TEST(LogFilter, LooksAtEachField) {
    const auto access = parsed(R"("level":"info","event":"request","id":"one","route":"/api/threads/{id}")");
    const auto failure = parsed(R"("level":"error","event":"model call failed","request":"one")");
    const auto mail = parsed(R"("level":"info","event":"mail sent","id":"one","request":"two")");
    LogFilter filter;
    filter.request = "one";
    EXPECT_TRUE(filter.fits(access));
    EXPECT_TRUE(filter.fits(failure));
    EXPECT_FALSE(filter.fits(mail));
    filter = {};
    filter.level = "warn";
    EXPECT_FALSE(filter.fits(access));
    EXPECT_TRUE(filter.fits(failure));
    filter = {};
    filter.route = "/api/threads";
    EXPECT_TRUE(filter.fits(access));
    EXPECT_FALSE(filter.fits(failure));
    filter.route = "/api/thr";
    EXPECT_FALSE(filter.fits(access));
    filter = {};
    filter.event = "call failed";
    EXPECT_TRUE(filter.fits(failure));
    filter = {};
    EXPECT_FALSE(filter.set_pattern("mod(el|em) call"));
    EXPECT_TRUE(filter.fits(failure));
    EXPECT_FALSE(filter.fits(access));
    EXPECT_TRUE(LogFilter().set_pattern("(").has_value());
    filter = {};
    filter.since = access.time;
    filter.until = access.time;
    EXPECT_TRUE(filter.fits(access));
    filter.since = access.time + std::chrono::microseconds(1);
    EXPECT_FALSE(filter.fits(access));
}

class LogReaderTest : public testing::Test {
protected:
    void SetUp() override {
        std::string form = (fs::temp_directory_path() / "bb-read-XXXXXX").string();
        ASSERT_NE(::mkdtemp(form.data()), nullptr);
        folder = form;
    }
    void TearDown() override { fs::remove_all(folder); }

    void append(const char* name, const std::string& text) const {
        std::ofstream(folder / name, std::ios::app) << text;
    }
    /// The seconds of the lines, one after the other.
    LineCutter::Take seconds(std::string& out) const {
        return [&out](const LogLine& found) {
            out += to_rfc3339(found.time).substr(17, 2) + ' ';
            return true;
        };
    }

    fs::path folder;
    const char* one = "20261122T201001Z-00000001.jsonl";
    const char* two = "20261122T201002Z-00000002.jsonl";
};

TEST_F(LogReaderTest, BringsFilesIntoOneOrderAndPassesBrokenLinesOver) {
    append(one,
           line("01") + "nonsense\n" + line("04") + std::string(longest_line + 1, 'x') + '\n' + line("06"));
    append(two, line("02") + line("03") + line("05") + "{\"time\":");
    append("notes.txt", line("09"));
    LogReader reader(folder);
    std::string read;
    reader.read({}, seconds(read));
    EXPECT_EQ(read, "01 02 03 04 05 06 ");
    EXPECT_EQ(reader.broken(), 3u);
}

TEST_F(LogReaderTest, FollowsFromWhereItReadTo) {
    append(one, line("01") + "{\"time\":\"2026-11-22T20:10:02");
    LogReader reader(folder);
    reader.mark_end();
    append(one, ".000000Z\",\"level\":\"info\",\"event\":\"request\"}\n");
    append(two, line("03"));
    std::string read, followed;
    reader.read({}, seconds(read));
    EXPECT_EQ(read, "01 ");
    reader.follow({}, seconds(followed));
    EXPECT_EQ(followed, "02 03 ");
    append(two, line("04"));
    reader.follow({}, seconds(followed));
    EXPECT_EQ(followed, "02 03 04 ");
    EXPECT_EQ(reader.broken(), 0u);
}

TEST_F(LogReaderTest, KeepsTheNewestAlone) {
    Newest newest(2);
    for (const char* second : {"01", "02", "03"}) newest.add(parse_line(line(second)).value());
    ASSERT_EQ(newest.lines().size(), 2u);
    EXPECT_EQ(to_rfc3339(newest.lines().front().time).substr(17, 2), "02");
}

}  // namespace
}  // namespace bb::watch
