#include "base/core/plain_shell.hpp"

#include <gtest/gtest.h>

namespace {

using bb::parse_plain_command;

std::string shown(std::string_view text) {
    const auto command = parse_plain_command(text);
    if (!command) return "refused";
    std::string all;
    for (const auto& word : command->words) all += "[" + word + "]";
    for (const auto& [stream, file] : command->streams) all += " " + std::to_string(stream) + ">" + file;
    return all;
}

// As initdb and a recovering server of PostgreSQL 15 call them.
TEST(ParsePlainCommand, TakesWhatDatabaseProgramsAsAShellFor) {
    EXPECT_EQ(shown(R"("/usr/lib/postgresql/15/bin/postgres" -V)"),
              "[/usr/lib/postgresql/15/bin/postgres][-V]");
    EXPECT_EQ(
        shown(
            R"("/a b/postgres" --check -F -c log_checkpoints=false -c max_connections=100 < "/dev/null" > "/dev/null" 2>&1)"),
        "[/a b/postgres][--check][-F][-c][log_checkpoints=false][-c][max_connections=100] 0>/dev/null "
        "1>/dev/null 2>");
    EXPECT_EQ(shown(R"("/p/postgres" --boot -X 16777216 -k -F -c log_checkpoints=false  )"),
              "[/p/postgres][--boot][-X][16777216][-k][-F][-c][log_checkpoints=false]");
    EXPECT_EQ(shown(R"("/p/postgres" --single -F -O -j template1 >/dev/null)"),
              "[/p/postgres][--single][-F][-O][-j][template1] 1>/dev/null");
    EXPECT_EQ(shown("locale -a"), "[locale][-a]");
    EXPECT_EQ(shown("/proc/12/exe fetch-log ../wal 000000010000000000000002 pg_wal/RECOVERYXLOG 12"),
              "[/proc/12/exe][fetch-log][../wal][000000010000000000000002][pg_wal/RECOVERYXLOG][12]");
}

TEST(ParsePlainCommand, RefusesWhatNeedsAShell) {
    for (const char* text :
         {"",      " ",   "a; b",  "a & b", "a && b", "a | b", "a $HOME", "a `b`", "a \"$(b)\"", "a 'b'",
          "a \\b", "a *", "a ?",   "a [b]", "~/a",    "(a)",   "{ a; }",  "a >>b", "a 2>b",      "a 2>&1b",
          "a >",   "a <", "a >&2", "a <<b", "a \"b",  "a#b",   "!a",      "a\rb",  ">/dev/null", "a \"\""})
        EXPECT_EQ(shown(text), "refused") << text;
}

}  // namespace
